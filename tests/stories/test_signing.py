"""签收: one working day to say that the unit has the case; the clock does not wait for it."""

import pytest

from ledger import log
from tests.world import World, refusal


def signed_for(world: World, number: str) -> str:
    """What the record says of the signing."""
    return str(next(r.words for r in world.thread(number).records if r.verb == "acknowledge"))


def test_signed_in_time_it_is_spoken_of_no_more_and_the_clock_has_run_since_dispatch(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert world.hears("bob", case, "签收")
    assert world.status(case) == "dispatched"
    assert world.at("2026-10-13 17:30").bob.signs(case) == "in_progress"
    assert world.due(case) == "2026-10-15 18:00"

    for station in ("2026-10-13 18:00", "2026-10-14 08:00"):
        world.at(station).sweep()
        assert not world.hears("bob")
    assert world.levels(case, stage="sign") == []
    assert world.proven()


def test_not_signed_by_the_next_evening_contact_and_head_hear_it_when_the_office_opens(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert world.at("2026-10-13 17:59").sweep()["reminded"] == 0
    assert world.at("2026-10-13 18:00").sweep()["reminded"] == 1
    assert not world.hears("bob")

    world.at("2026-10-14 08:00").sweep()
    assert world.hears("bob", "仍未签收", "解放路12号")
    assert world.hears("head", "仍未签收", "解放路12号")
    row = log.rows(world.ledger, case, reminders=True)[0]
    assert [told["person"] for told in row.recipients] == ["Bob", "城管局负责人"]

    # Nobody signs at all: the handling clock has run since Monday, and its ladder climbs.
    world.at("2026-10-15 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == ["2026-10-15 18:00"]
    assert world.status(case) == "dispatched"
    assert world.proven()


@pytest.mark.parametrize(
    ("signed", "late"), [("2026-10-13 17:59", False), ("2026-10-13 18:00", True)]
)
def test_the_instant_the_signing_limit_ends_is_too_late_and_the_record_says_so(
    sqlite_world: World, signed: str, late: bool
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.at(signed).bob.signs(case)
    assert ("超过签收时限" in signed_for(world, case)) is late
    assert world.due(case) == "2026-10-15 18:00"


def test_who_signs_in_the_evening_is_not_reminded_in_the_morning(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.at("2026-10-13 18:00").sweep()
    world.at("2026-10-13 19:00").bob.signs(case)
    world.at("2026-10-14 08:00").sweep()
    assert not world.hears("bob")
    assert not world.hears("head")


def test_dispatched_on_friday_it_is_to_be_signed_by_monday_evening(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-16 17:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    for station in ("2026-10-17 18:00", "2026-10-18 18:00", "2026-10-19 17:59"):
        assert world.at(station).sweep()["reminded"] == 0
    world.at("2026-10-19 18:00").sweep()
    world.at("2026-10-20 08:00").sweep()
    assert world.hears("bob", "签收", case)


def test_it_is_signed_once_and_before_anything_else_is_done(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    for too_early in (world.bob.submits, world.bob.asks_for_more_time, world.carol.passes):
        with refusal("待签收"):
            too_early(case)
    world.bob.signs(case)
    with refusal("整改中", "不能签收"):
        world.bob.signs(case)
