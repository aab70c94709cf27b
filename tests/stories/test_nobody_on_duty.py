"""A unit where nobody answers: the log says so, and the next level up hears it at once."""

from ledger import log
from ledger.people import end_absence, record_absence
from tests.world import Level, World, instant

HEAD, LEADER = "城管局负责人", "城管局分管领导"
NOBODY, DONE = "nobody on duty", "carried_out"


def leaves(world: World, *people: str) -> None:
    for person in people:
        start, until = instant("2026-10-14 08:00"), instant("2026-11-01 08:00")
        record_absence(world.ledger, person, start, until)


def test_a_unit_with_nobody_at_all_is_passed_over_up_to_the_office_the_same_minute(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("北坡路3号", "路面积水", "北坡社区", limit="3天")
    assert world.due(case) == "2026-10-15 18:00"
    due = "2026-10-15 18:00"
    world.at(due).sweep()
    assert world.levels(case) == [
        Level(1, due, due, NOBODY, ()),
        Level(2, "2026-10-16 18:00", due, NOBODY, ()),
        Level(3, "2026-10-20 18:00", due, DONE, ("Carol",)),
    ]
    assert world.hears("carol", case)

    # The levels passed over and the one told early are not repeated; the next has its own time.
    for quiet in ("2026-10-16 18:00", "2026-10-20 18:00"):
        world.at(quiet).sweep()
    assert len(world.levels(case)) == 3
    world.at("2026-10-22 18:00").sweep()
    assert world.levels(case)[3:] == [
        Level(4, "2026-10-22 18:00", "2026-10-22 18:00", DONE, ("Carol",))
    ]
    assert world.proven()


def test_when_a_whole_unit_is_away_its_leader_is_told_as_soon_as_it_is_late(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob", HEAD)
    due = "2026-10-15 18:00"
    world.at(due).sweep()
    assert world.levels(case) == [
        Level(1, due, due, NOBODY, ()),
        Level(2, "2026-10-16 18:00", due, DONE, (LEADER,)),
    ]
    assert "无人在岗，转上一级" in world.thread(case).records[-2].words
    assert world.hears("leader", case)


def test_who_is_back_before_the_limit_ends_is_told_and_nobody_above(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob", HEAD)
    end_absence(world.ledger, "Bob", instant("2026-10-15 17:59"))
    world.at("2026-10-15 18:00").sweep()
    assert [(level.outcome, level.told) for level in world.levels(case)] == [(DONE, ("Bob",))]
    assert not world.hears("leader")


def test_a_reminder_for_nobody_goes_to_the_next_duty_above_and_both_are_in_the_log(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob")
    world.at("2026-10-14 09:00").sweep()
    rows = log.rows(world.ledger, case, reminders=True)
    [(outcome, told)] = [(r.outcome, [w["person"] for w in r.recipients]) for r in rows]
    assert (outcome, told) == (NOBODY, [HEAD])
    assert world.hears("head", case)
    assert world.told("leader") == []


def test_where_nobody_is_anywhere_each_level_says_so_at_its_own_time(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    leaves(world, "Bob", HEAD, LEADER, "Carol", "纪检监察员")
    for day in ("2026-10-15", "2026-10-16", "2026-10-20"):
        world.at(f"{day} 18:00").sweep()
    assert [(level.level, level.at, level.outcome) for level in world.levels(case)] == [
        (1, "2026-10-15 18:00", NOBODY),
        (2, "2026-10-16 18:00", NOBODY),
        (3, "2026-10-20 18:00", NOBODY),
    ]
    # As soon as the office is staffed again, the next level reaches it.
    end_absence(world.ledger, "Carol", instant("2026-10-21 08:00"))
    world.at("2026-10-22 18:00").sweep()
    assert world.hears("carol", case)
