"""Bob is away, who stands in for him is away too: the notice finds whoever is at the desk."""

import pytest

from ledger.people import end_absence, record_absence
from models.words import Trouble
from tests.world import World, instant

HEAD, LEADER = "城管局负责人", "城管局分管领导"


def leaves(world: World, person: str, start: str, until: str, substitute: str | None) -> None:
    record_absence(world.ledger, person, instant(start), instant(until), substitute)


def test_the_notice_follows_the_chain_as_it_is_when_it_fires(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert world.hears("bob", case)
    world.bob.signs(case)

    # Every reminder is planned by now. Then Bob goes on leave, and on Tuesday so does the head.
    leaves(world, "Bob", "2026-09-28 08:00", "2026-09-30 15:00", HEAD)
    leaves(world, HEAD, "2026-09-29 08:00", "2026-09-30 08:00", LEADER)

    world.at("2026-09-29 10:30").sweep()
    assert world.hears("leader", case, "50%")
    assert not world.hears("bob")
    assert not world.hears("head")

    # On Wednesday the head is back; he hears it once, as contact and as head.
    world.at("2026-09-30 10:36").sweep()
    assert len([told for told in world.told("head") if told.at == "2026-09-30 10:36"]) == 1
    assert not world.hears("bob")
    assert not world.hears("leader")

    # Since three Bob is at his desk again: the last reminder is his.
    world.at("2026-09-30 16:00").sweep()
    assert world.hears("bob", case)
    assert not world.hears("head")
    assert world.proven()


def test_the_log_names_who_was_told_in_bobs_place_and_by_which_duty(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", "住建局联络员")
    world.at("2026-09-30 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [(HEAD, "住建局联络员")]
    assert "市城市管理局联络员住建局联络员" in world.thread(case).records[-1].words


def test_who_comes_back_early_is_told_at_once(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.bob.signs(case)
    leaves(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", "住建局联络员")
    world.at("2026-09-29 10:30").sweep()
    assert world.hears("builder", case)
    assert not world.hears("bob")
    end_absence(world.ledger, "Bob", instant("2026-09-29 14:00"))
    world.at("2026-09-30 16:00").sweep()
    assert world.hears("bob", case)
    assert not world.hears("builder")


def test_a_circle_cannot_be_entered_and_the_chain_before_it_stands(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob", "2026-09-28 08:00", "2026-10-09 08:00", HEAD)
    leaves(world, HEAD, "2026-09-28 08:00", "2026-10-09 08:00", LEADER)
    with pytest.raises(Trouble) as caught:
        leaves(world, LEADER, "2026-09-29 08:00", "2026-09-30 08:00", "Bob")
    assert f"{LEADER} → Bob → {HEAD} → {LEADER}" in caught.value.words.zh

    # Away without a substitute is no circle; then nobody stands for Bob, so the office hears it.
    leaves(world, LEADER, "2026-09-30 08:00", "2026-10-09 08:00", None)
    world.at("2026-09-29 10:30").sweep()
    assert world.hears("leader", case)
    world.at("2026-09-30 16:00").sweep()
    assert world.hears("carol", case)
    assert not world.hears("leader")
