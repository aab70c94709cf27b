"""The pipes are frozen over New Year; the next year's calendar is not out yet."""

from tests.world import World


def test_a_suspension_over_new_year_gives_back_the_days_and_says_they_are_provisional(
    world: World,
) -> None:
    case = world.at("2026-12-28 10:00").report("解放路12号", "路面结冰", limit="3天")
    world.bob.signs(case)
    assert (world.due(case), world.case(case).provisional) == ("2026-12-31 18:00", False)

    world.at("2026-12-29 18:00").bob.asks_to_suspend(case, "2027-01-05 08:00")
    assert world.carol.grants(case) == "suspended"
    world.sweep()
    for day in ("2026-12-31 18:00", "2027-01-04 18:00"):
        world.at(day).sweep()
    assert world.levels(case) == []

    # Tuesday morning it goes on by itself with the two days that were left.
    assert world.at("2027-01-05 08:00").sweep()["resumed"] == 1
    assert (world.status(case), world.due(case)) == ("in_progress", "2027-01-06 18:00")
    assert world.case(case).provisional is True
    world.at("2027-01-06 16:00").sweep()
    assert world.hears("bob", "暂定")
    world.at("2027-01-06 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == ["2027-01-06 18:00"]
    assert world.proven()


def test_a_suspension_missed_by_an_outage_ends_on_its_date_and_the_ladder_is_made_up(
    world: World,
) -> None:
    case = world.at("2026-12-28 10:00").report("解放路12号", "路面结冰", limit="3天")
    world.bob.signs(case)
    world.at("2026-12-29 18:00").bob.asks_to_suspend(case, "2027-01-05 08:00")
    world.carol.grants(case)
    # Two days were left from the 5th: due on the 6th, the leader on the 7th at six.
    counts = world.at("2027-01-08 09:00").sweep()
    assert counts["resumed"] == 1
    assert world.due(case) == "2027-01-06 18:00"
    levels = [(level.level, level.outcome) for level in world.levels(case)]
    assert levels == [(1, "skipped: catch-up"), (2, "carried_out")]


def test_a_limit_that_ends_next_year_is_marked_and_counted_by_the_weekdays(world: World) -> None:
    case = world.at("2026-12-30 10:00").report("解放路12号", "路面结冰", limit="3天")
    # Until the table of 2027 is out, its weekdays count: the 31st, Friday the 1st, the 4th.
    assert (world.due(case), world.case(case).provisional) == ("2027-01-04 18:00", True)
    assert "（暂定）" in world.thread(case).records[-1].words
    world.sweep()
    assert "暂定" in world.told("bob")[0].body


def test_a_limit_that_ends_on_the_last_day_of_a_known_year_is_certain(world: World) -> None:
    case = world.at("2026-12-29 10:00").report("解放路12号", "路面结冰", limit="2天")
    assert (world.due(case), world.case(case).provisional) == ("2026-12-31 18:00", False)
