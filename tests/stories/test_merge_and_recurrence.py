"""并案与反弹: two reports become one case; what comes back after closing climbs at once."""

import pytest

from ledger.look_back import Relapses, relapses
from tests.inspecting import close, draws, load, rate
from tests.world import World, instant, refusal

PLACE = "解放路12号"


def climbed(world: World, number: str) -> list[tuple[int, str | None]]:
    return [(level.level, level.planned) for level in world.levels(number)]


def test_merged_closed_and_back_again(world: World) -> None:
    """A puddle, and the broken drain beside it: one cause, one case, until it is back."""
    puddle = world.at("2026-10-12 10:00").report(PLACE, "路面积水")
    drain = world.report(PLACE, "雨水箅子破损", unit="住建局")
    assert puddle != drain
    world.sweep()
    assert world.hears("builder", drain)
    assert world.carol.merges(drain, puddle) == "merged"
    assert world.case(puddle).reports == 2
    world.half_an_hour_on().sweep()
    assert world.hears("builder", drain, puddle)  # whoever was told of it is told where it went

    close(world.at("2026-10-13 10:00"), puddle)
    back = world.at("2026-10-20 10:00").report(PLACE, "雨水箅子又破损", unit="城管局")
    row = world.case(back)
    assert row.recurrence_of == world.case(puddle).id
    assert "反弹" in world.thread(back).records[0].words
    until = instant("2026-10-21 00:00")
    assert relapses(world.ledger, instant("2026-10-20 00:00"), until) == [
        Relapses("csgl", "市城市管理局", reported=1)
    ]
    assert world.proven()


def test_a_merged_place_reported_again_joins_the_case_it_lives_on_in(world: World) -> None:
    one = world.at("2026-10-12 10:00").report(PLACE, "路面积水")
    other = world.report("解放路14号", "路面积水")
    last = world.report("解放路16号", "路面积水")
    world.carol.merges(other, one)
    world.carol.merges(one, last)
    joined = world.at("2026-10-12 11:00").report("解放路14号", "路面积水严重")
    assert joined == last
    assert world.case(last).reports == 4
    close(world.at("2026-10-13 10:00"), last)
    for place in ("解放路14号", PLACE, "解放路16号"):
        back = world.at("2026-10-20 10:00").report(place, "路面积水")
        assert world.case(back).recurrence_of == world.case(last).id


def test_a_merged_place_is_new_again_once_the_window_has_gone(world: World) -> None:
    one = world.at("2026-10-12 10:00").report(PLACE, "路面积水")
    other = world.report("解放路14号", "路面积水")
    world.carol.merges(other, one)
    close(world.at("2026-10-13 10:00"), one)
    for place in (PLACE, "解放路14号"):
        later = world.at("2026-11-13 10:00").report(place, "路面积水")
        assert world.case(later).recurrence_of is None


def test_what_comes_back_stands_one_level_higher_from_its_dispatch_on(world: World) -> None:
    old = world.at("2026-10-12 10:00").report(PLACE, "路面积水")
    close(world, old)
    back = world.at("2026-10-20 10:00").report(PLACE, "路面积水")
    assert (world.case(back).raised, world.due(back)) == (1, "2026-10-23 18:00")

    # Level 1 in the round after dispatch, though nothing is late.
    world.sweep()
    assert world.hears("head", back)
    assert climbed(world, back) == [(1, "2026-10-20 10:00")]
    world.at("2026-10-20 11:00").sweep()
    assert climbed(world, back) == [(1, "2026-10-20 10:00")]

    # Reminders come as ever; then level 2 at the due instant, and each at the one below it.
    world.bob.signs(back)
    world.at("2026-10-22 10:30").sweep()
    assert world.hears("bob", back)
    for at in ("2026-10-23 18:00", "2026-10-26 18:00", "2026-10-28 18:00", "2026-10-30 18:00"):
        world.at(at).sweep()
    assert climbed(world, back) == [
        (1, "2026-10-20 10:00"),
        (2, "2026-10-23 18:00"),
        (3, "2026-10-26 18:00"),
        (4, "2026-10-28 18:00"),
        (5, "2026-10-30 18:00"),
    ]
    assert world.case(back).late is None
    assert world.proven()


def test_put_right_in_time_a_recurrence_climbs_no_further(world: World) -> None:
    close(world.at("2026-10-12 10:00"), world.report(PLACE, "路面积水"))
    back = world.at("2026-10-20 10:00").report(PLACE, "路面积水")
    world.sweep()
    close(world.at("2026-10-21 10:00"), back)
    world.at("2026-10-28 18:00").sweep()
    assert climbed(world, back) == [(1, "2026-10-20 10:00")]
    assert world.case(back).late is False


def test_a_recurrence_is_always_looked_back_at(world: World) -> None:
    rate(load(world), "1%")
    close(world.at("2026-10-12 10:00"), world.report(PLACE, "路面积水"))
    draws(world.at("2026-10-13 06:30"), "seed")
    back = world.at("2026-10-20 10:00").report(PLACE, "路面积水")
    close(world, back)
    (chosen,) = draws(world.at("2026-10-21 06:30"), "seed").cases
    assert (chosen.case, chosen.relapse) == (back, True)


def test_a_recurrence_waiting_for_its_unit_climbs_from_the_dispatch_not_before(
    world: World,
) -> None:
    close(world.at("2026-10-12 10:00"), world.report(PLACE, "路面积水"))
    back = world.at("2026-10-20 10:00").report(PLACE, "路面积水", unit="铁路新村业委会")
    assert (world.status(back), world.case(back).raised) == ("undecided", 0)
    world.at("2026-10-20 15:00").sweep()
    assert climbed(world, back) == []
    world.carol.dispatches(back, "住建局")
    world.at("2026-10-20 15:01").sweep()
    assert climbed(world, back) == [(1, "2026-10-20 15:00")]
    assert world.hears("builder", back)


@pytest.mark.parametrize(
    ("place", "problem"), [("解放路13号", "路面积水"), (PLACE, "共享单车乱停放")]
)
def test_another_place_or_another_kind_of_problem_is_no_recurrence(
    world: World, place: str, problem: str
) -> None:
    close(world.at("2026-10-12 10:00"), world.report(PLACE, "路面积水"))
    other = world.at("2026-10-20 10:00").report(place, problem)
    row = world.case(other)
    assert (row.recurrence_of, row.raised) == (None, 0)


def test_a_case_closed_is_past_merging(world: World) -> None:
    old = world.at("2026-10-12 10:00").report(PLACE, "路面积水")
    other = world.report("解放路14号", "路面积水")
    close(world, old)
    with refusal("已办结", "no longer open"):
        world.carol.merges(other, old)
