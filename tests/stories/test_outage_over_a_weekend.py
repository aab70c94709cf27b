"""The machine room is dark over a weekend: Thursday to Sunday, or Friday to Monday."""

from ledger import log
from tests.world import Level, World

LEADER, HEAD = "城管局分管领导", "城管局负责人"


def test_deadlines_stay_where_they_were_and_what_was_missed_is_said(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    for station in ("2026-10-14 09:00", "2026-10-15 10:36", "2026-10-15 16:00"):
        world.at(station).sweep()

    # Due on Thursday at six; the leader was to be told on Friday at six.
    world.at("2026-10-18 20:00").sweep()
    assert world.due(case) == "2026-10-15 18:00"
    back = "2026-10-18 20:00"
    assert world.levels(case) == [
        Level(1, "2026-10-15 18:00", back, "skipped: catch-up", ()),
        Level(2, "2026-10-16 18:00", back, "carried_out", (LEADER, HEAD)),
    ]
    # It is Sunday night: they are told when their offices open.
    assert [told for told in world.told() if told.at == back] == []
    morning = "2026-10-19 08:00"
    world.at(morning).sweep()
    assert sorted(told.who for told in world.told() if told.at == morning) == ["head", "leader"]

    # From then on everything has its own time again.
    world.at("2026-10-20 17:59").sweep()
    assert len(world.levels(case)) == 2
    world.at("2026-10-20 18:00").sweep()
    assert world.levels(case)[2] == Level(
        3, "2026-10-20 18:00", "2026-10-20 18:00", "carried_out", ("Carol", LEADER)
    )
    assert world.proven()


def test_reminders_missed_are_one_reminder_when_the_office_opens_again(world: World) -> None:
    case = world.at("2026-10-14 15:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.sweep()
    # Half of the limit went by on Friday; on Sunday it is night, on Monday morning Bob is told.
    world.at("2026-10-18 20:00").sweep()
    assert len(world.told("bob")) == 1
    world.at("2026-10-19 08:00").sweep()
    assert [told.at for told in world.told("bob")] == ["2026-10-14 15:00", "2026-10-19 08:00"]
    rows = log.rows(world.ledger, case, reminders=True)
    assert [(row.rule, row.outcome) for row in rows] == [("时限过 50%", "carried_out")]


def test_what_was_owed_before_the_lights_went_out_is_sent_after(sqlite_world: World) -> None:
    world = sqlite_world
    world.at("2026-10-15 15:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-18 20:00").sweep()
    assert world.told("bob") == []
    world.at("2026-10-19 08:00").sweep()
    [told] = [told for told in world.told("bob") if "交由" in told.body]
    assert told.at == "2026-10-19 08:00"


def test_who_signs_before_the_engine_is_back_does_not_hide_the_level_that_was_missed(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-15 19:00").bob.signs(case)
    world.at("2026-10-18 20:00").sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]


def test_three_days_from_friday_to_monday_cost_no_level_and_send_no_flood(world: World) -> None:
    late = world.at("2026-10-13 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(late)
    coming = world.at("2026-10-14 15:00").report("人民路5号", "垃圾未清运", limit="3天")
    world.bob.signs(coming)
    for station in ("2026-10-15 09:00", "2026-10-16 08:30"):
        world.at(station).sweep()

    # Dark on Friday morning; back on Monday morning, with one case late since Friday evening.
    back = "2026-10-19 11:00"
    counts = world.at(back).sweep()
    assert (world.due(late), world.due(coming)) == ("2026-10-16 18:00", "2026-10-19 18:00")
    assert world.levels(late) == [
        Level(1, "2026-10-16 18:00", back, "carried_out", (HEAD, "Bob")),
    ]

    # The half-way point of Friday and the 80 % of this morning are one reminder.
    rows = log.rows(world.ledger, coming, reminders=True)
    assert [(row.rule, row.outcome) for row in rows] == [
        ("时限过 50%", "skipped: catch-up"),
        ("时限过 80%", "carried_out"),
    ]
    assert (counts["escalated"], counts["reminded"]) == (1, 1)
    assert world.hears("bob", coming)
    assert len([told for told in world.told("bob") if told.at == back]) == 2
    assert world.sweep().total() == 0
    assert world.proven()


def test_every_level_of_a_long_night_is_a_row_and_only_the_highest_is_told(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-10-14 16:00").report("解放路12号", "路面积水", limit="4 工作时")
    world.bob.signs(case)
    assert world.due(case) == "2026-10-15 10:00"
    world.at("2026-10-15 09:00").sweep()
    before = len(world.told())

    back = "2026-10-21 09:00"
    assert world.at(back).sweep()["escalated"] == 1
    missed = "skipped: catch-up"
    assert [(level.level, level.outcome, level.told) for level in world.levels(case)] == [
        (1, missed, ()),
        (2, missed, ()),
        (3, "carried_out", ("Carol", LEADER)),
    ]
    assert {level.at for level in world.levels(case)} == {back}
    assert len(world.told()) == before + 2
