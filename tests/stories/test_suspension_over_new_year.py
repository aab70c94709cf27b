"""挂账: the road cannot be dug up over Spring Festival; the clock rests and goes on by itself.

The holiday of 2026 is 15 to 23 February; the Saturdays 14 and 28 February are worked.
"""

import pytest

from tests.world import Actor, World, clock, refusal


def in_hand(world: World, limit: str = "3天") -> str:
    case = world.at("2026-02-11 10:00").report("解放路12号", "路面塌陷", limit=limit)
    world.sweep()
    world.bob.signs(case)
    return case


def said(world: World, case: str, verb: str) -> str:
    """What the record says of a verb."""
    return str(next(r.words for r in world.thread(case).records if r.verb == verb))


def rests(world: World, case: str, at: str, until: str) -> None:
    world.at(at).bob.asks_to_suspend(case, until, "春节停工，沥青厂不出料")
    assert world.carol.grants(case) == "suspended"
    world.sweep()
    assert world.hears("bob", "准予挂账")


def test_it_rests_over_the_holiday_and_goes_on_by_itself_with_the_day_that_was_left(
    world: World,
) -> None:
    case = in_hand(world)
    assert world.due(case) == "2026-02-14 18:00"
    world.at("2026-02-13 09:00").sweep()
    assert world.hears("bob", "50%")
    rests(world, case, "2026-02-13 18:00", "2026-02-24 08:00")

    # Its old due, and every level beyond it, pass in silence.
    for station in ("2026-02-14 18:00", "2026-02-20 10:00", "2026-02-23 18:00"):
        assert world.at(station).sweep()["looked"] == 0
    assert world.at("2026-02-24 08:00").sweep()["resumed"] == 1
    assert (world.status(case), world.due(case)) == ("in_progress", "2026-02-24 18:00")
    assert "扣除挂账时间后 2026-02-24 18:00 到期" in said(world, case, "resume")
    assert world.hears("bob", case, "恢复办理")

    world.at("2026-02-24 16:00").sweep()
    assert world.hears("bob", case, "今天18:00")
    world.at("2026-02-24 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == ["2026-02-24 18:00"]
    assert world.proven()


def test_the_make_up_saturday_after_the_holiday_is_one_of_the_days_that_were_left(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = in_hand(world, "5天")
    assert world.due(case) == "2026-02-25 18:00"
    rests(world, case, "2026-02-12 18:00", "2026-02-27 08:00")
    world.at("2026-02-27 08:00").sweep()
    # Four of five days were left: Friday the 27th, Saturday the 28th, 2 and 3 March.
    assert world.due(case) == "2026-03-03 18:00"
    world.at("2026-03-03 17:59").bob.submits(case)
    assert world.case(case).late is False


def test_taken_up_early_only_the_days_it_rested_are_given_back(world: World) -> None:
    case = in_hand(world)
    rests(world, case, "2026-02-12 18:00", "2026-03-31 08:00")
    # The factory opens on the 25th; the 13th, the 14th and the 24th were rested.
    assert world.at("2026-02-25 08:00").carol.resumes(case) == "in_progress"
    assert world.due(case) == "2026-02-26 18:00"
    with refusal("整改中", "挂账"):
        world.carol.resumes(case)
    world.sweep()
    assert world.hears("bob", case, "恢复办理", "明天18:00")
    assert world.at("2026-03-31 08:00").sweep()["resumed"] == 0
    assert world.proven()


def test_it_rests_once(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    rests(world, case, "2026-02-13 10:00", "2026-02-24 08:00")
    with refusal("挂账"):
        world.bob.asks_to_suspend(case, "2026-03-24 08:00")
    with refusal("挂账", "不能整改反馈"):
        world.bob.submits(case)
    world.at("2026-02-24 08:00").sweep()
    with refusal("挂账最多 1 次", "本案已用 1 次"):
        world.bob.asks_to_suspend(case, "2026-03-24 08:00")
    # More time can still be asked for.
    world.bob.asks_for_more_time(case)
    assert world.carol.grants(case) == "in_progress"


@pytest.mark.parametrize(
    ("until", "granted"), [("2027-02-13 10:00", True), ("2027-02-13 10:01", False)]
)
def test_a_year_is_the_longest_it_may_rest(sqlite_world: World, until: str, granted: bool) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-02-13 10:00")
    if granted:
        world.bob.asks_to_suspend(case, until)
        assert world.carol.grants(case) == "suspended"
        return
    with refusal("恢复日期", "不超过 365 天"):
        world.bob.asks_to_suspend(case, until)


def test_once_overdue_it_is_too_late_to_let_it_rest(sqlite_world: World) -> None:
    world = sqlite_world
    case = in_hand(world)
    world.at("2026-02-14 18:00")
    with refusal("时限已到", "挂账"):
        world.bob.asks_to_suspend(case, "2026-02-24 08:00")


def test_passed_on_while_it_rests_the_next_unit_starts_at_once_with_all_its_time(
    world: World,
) -> None:
    case = in_hand(world)
    rests(world, case, "2026-02-13 18:00", "2026-03-31 08:00")
    assert world.at("2026-02-24 10:00").carol.transfers(case, "住建局") == "dispatched"
    assert world.due(case) == "2026-02-27 18:00"
    world.sweep()
    assert world.hears("builder", case)
    assert world.hears("bob", "改派")
    assert world.case(case).resumes_at is None
    assert [clock(end) for _, end in world.thread(case).pauses] == ["2026-02-24 10:00"]

    # What was to resume in March does not: the new unit's clock has run all the time.
    Actor(world, "住建局联络员").signs(case)
    world.at("2026-02-27 18:00").sweep()
    assert [level.told for level in world.levels(case)] == [("住建局联络员",)]
    assert world.at("2026-03-31 08:00").sweep()["resumed"] == 0
    assert world.proven()
