"""The machine room is dark from Thursday afternoon to Sunday evening."""

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
    assert sorted(told.who for told in world.told() if told.at == back) == ["head", "leader"]

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


def test_what_was_owed_before_the_lights_went_out_is_sent_after(world: World) -> None:
    world.at("2026-10-15 15:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-18 20:00").sweep()
    [told] = [told for told in world.told("bob") if "交办" in told.body or "交由" in told.body]
    assert told.at == "2026-10-18 20:00"


def test_who_signs_before_the_engine_is_back_does_not_hide_the_level_that_was_missed(
    world: World,
) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-15 19:00").bob.signs(case)
    world.at("2026-10-18 20:00").sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]
