"""Follow-up: each look once, outages made up for, and nobody left out without a word."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import loading, log, sweeps
from ledger.changes import table
from models.case import Case, Status
from models.escalation import Escalation
from models.notice import Notice
from models.person import Absence, Person
from tests.world import Level, World, instant


def signed(world: World, unit: str = "城管局", place: str = "解放路12号") -> str:
    case = world.at("2026-09-24 15:00").report(place, "路面积水", unit=unit, limit="3天")
    world.bob.signs(case)
    return case


def away(world: World, name: str, substitute: str | None, until: str = "2026-12-31 00:00") -> None:
    people = {row.name: row.id for row in world.rows(Person)}
    row = {
        "person_id": people[name],
        "start": instant("2026-09-01 00:00"),
        "until": instant(until),
        "substitute_id": people[substitute] if substitute else None,
    }
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Absence)).values(**row))


def test_after_an_outage_the_highest_level_speaks_and_each_one_passed_over_is_a_row(
    world: World,
) -> None:
    case = signed(world)
    world.at("2026-10-13 19:00").sweep()
    skipped, at = "skipped: catch-up", "2026-10-13 19:00"
    all_of_them = ("Carol", "城管局分管领导", "城管局负责人")
    assert world.levels(case) == [
        Level(1, "2026-09-30 18:00", at, skipped, ()),
        Level(2, "2026-10-08 18:00", at, skipped, ()),
        Level(3, "2026-10-10 18:00", at, skipped, ()),
        Level(4, "2026-10-13 18:00", at, "carried_out", all_of_them),
    ]
    reminders = [row for row in log.rows(world.ledger, case, reminders=True) if row.level == 0]
    assert [row.outcome for row in reminders] == [skipped] * 3


def test_reminders_missed_in_an_outage_collapse_to_one(world: World) -> None:
    case = signed(world)
    world.sweep()
    counts = world.at("2026-09-30 17:00").sweep()
    assert (counts["reminded"], counts["skipped"], counts["sent"]) == (1, 2, 1)
    rows = [row for row in log.rows(world.ledger, case, reminders=True) if row.stage == "handle"]
    assert [row.rule for row in rows] == ["时限过 50%", "时限过 80%", "到期前 2 工作时"]


def test_a_sweep_repeated_does_nothing(world: World) -> None:
    signed(world)
    world.at("2026-09-30 18:00").sweep()
    before = [world.rows(model) for model in (Case, Escalation, Notice)]
    assert world.sweep() == {}
    assert [world.rows(model) for model in (Case, Escalation, Notice)] == before


def test_a_sweep_as_of_an_earlier_instant_does_nothing(world: World) -> None:
    signed(world)
    world.at("2026-10-08 18:00").sweep()
    assert world.at("2026-09-30 18:00").sweep() == {}


def test_where_nobody_is_on_duty_that_is_a_row_and_the_next_level_is_told_at_once(
    world: World,
) -> None:
    case = signed(world, unit="北坡社区")
    world.at("2026-09-30 18:00").sweep()
    assert [(level.level, level.outcome, level.told) for level in world.levels(case)] == [
        (1, "nobody on duty", ()),
        (2, "nobody on duty", ()),
        (3, "carried_out", ("Carol",)),
    ]
    assert {level.at for level in world.levels(case)} == {"2026-09-30 18:00"}


def test_a_level_told_ahead_of_its_time_is_not_told_again_in_its_time(world: World) -> None:
    case = signed(world, unit="北坡社区")
    for station in ("2026-09-30 18:00", "2026-10-08 18:00", "2026-10-10 18:00", "2026-10-13 18:00"):
        world.at(station).sweep()
    assert [level.level for level in world.levels(case)] == [1, 2, 3, 4]
    assert sum("创城办挂牌" in told.body for told in world.told("carol")) == 1


def test_a_reminder_nobody_is_there_to_hear_goes_to_the_next_above(world: World) -> None:
    away(world, "Bob", None)
    case = signed(world)
    world.at("2026-09-29 10:30").sweep()
    [row] = [row for row in log.rows(world.ledger, case, reminders=True) if row.stage == "handle"]
    assert (row.outcome, [who["person"] for who in row.recipients]) == (
        "nobody on duty",
        ["城管局负责人"],
    )
    assert world.hears("head", "无人在岗")


def test_a_substitute_is_told_while_somebody_is_away_and_no_longer(world: World) -> None:
    away(world, "Bob", "Alice", until="2026-09-30 10:36")
    signed(world)
    world.sweep()
    world.at("2026-09-29 10:30").sweep()
    assert (len(world.told("alice")), world.told("bob")) == (2, [])
    world.at("2026-09-30 10:36").sweep()
    assert (len(world.told("alice")), len(world.told("bob"))) == (2, 1)


def test_a_case_not_signed_for_in_a_working_day_is_reminded_of(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-09-28 17:59").sweep()
    assert log.rows(world.ledger, case, reminders=True) == []
    world.at("2026-09-28 18:00").sweep()
    [row] = log.rows(world.ledger, case, reminders=True)
    assert (row.stage, [who["person"] for who in row.recipients]) == (
        "sign",
        ["Bob", "城管局负责人"],
    )


def test_a_reminder_waits_for_the_office_to_open(world: World) -> None:
    signed(world)
    world.sweep()
    assert world.at("2026-09-29 22:00").sweep()["reminded"] == 1
    assert len(world.told("bob")) == 1
    world.at("2026-09-30 07:59").sweep()
    assert len(world.told("bob")) == 1
    world.at("2026-09-30 08:00").sweep()
    assert len(world.told("bob")) == 2


def test_a_case_on_a_continuous_clock_is_reminded_of_by_night(world: World) -> None:
    case = world.at("2026-09-28 20:00").report("解放路12号", "井盖缺失", limit="2 紧急工作时")
    world.bob.signs(case)
    world.sweep()
    assert world.at("2026-09-28 21:00").sweep()["sent"] == 1
    assert "紧急" not in world.told("bob")[-1].subject
    assert world.told("bob")[-1].at == "2026-09-28 21:00"


def test_an_escalation_is_told_in_the_evening_and_one_of_the_night_when_the_office_opens(
    world: World,
) -> None:
    signed(world)
    world.at("2026-09-30 22:00").sweep()
    assert world.told("head") == []
    # The log has the level as of its night; National Day lies between it and the office.
    assert [level.at for level in world.levels("2026-000001")] == ["2026-09-30 22:00"]
    world.at("2026-10-08 08:00").sweep()
    assert world.told("head")[-1].at == "2026-10-08 08:00"


def test_a_case_that_waits_for_a_unit_is_dispatched_when_the_unit_is_added(world: World) -> None:
    case = world.report("解放路12号", "路面积水", unit="火星局", limit="3天")
    other = world.report("解放路14号", "路面积水", unit="木星局")
    assert sweeps.reconsider(world.ledger, world.now) == {"undecided": 2}
    more = "city: {name: 澄岚市}\nunits:\n  - {code: mars, name: 火星局, kind: department}\n"
    with world.ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(more, "more.yaml"))
    world.at("2026-09-29 09:00")
    assert sweeps.reconsider(world.ledger, world.now) == {"dispatched": 1, "undecided": 1}
    assert (world.status(case), world.status(other)) == ("dispatched", "undecided")
    assert world.due(case) == "2026-10-09 18:00"


def test_a_case_that_still_waits_gets_no_record_for_being_looked_at_again(world: World) -> None:
    case = world.report("解放路12号", "路面积水", unit="火星局")
    before = world.thread(case).records
    sweeps.reconsider(world.ledger, world.at("2026-09-29 09:00").now)
    assert world.thread(case).records == before


def test_a_filed_case_is_dispatched_by_the_sweep(world: World) -> None:
    case = world.report("解放路12号", "路面积水", unit="火星局")
    cases = table(Case)
    more = "city: {name: 澄岚市}\nunits:\n  - {code: mars, name: 火星局, kind: department}\n"
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(cases).values(status=Status.FILED))
        loading.load_city(connection, loading.parse_city(more, "more.yaml"))
    assert world.sweep()["dispatched"] == 1
    assert world.status(case) == "dispatched"


def test_a_case_undecided_by_the_end_of_the_day_is_told_to_the_office(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", unit="火星局")
    world.at("2026-09-24 18:00").sweep()
    assert [level.told for level in world.levels(case, stage="dispatch")] == [("Carol",)]


def test_small_batches_do_the_same_as_one_large_one(sqlite_world: World) -> None:
    world = sqlite_world
    cases = [signed(world, place=f"解放路{n}号") for n in range(1, 8)]
    counts = sweeps.follow_up(world.ledger, instant("2026-09-30 18:00"), batch=2)
    assert (counts["looked"], counts["escalated"]) == (7, 7)
    assert all(len(world.levels(case)) == 1 for case in cases)


def test_on_postgresql_every_claim_skips_what_others_hold(pg_world: World) -> None:
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    signed(pg_world)
    sa.event.listen(pg_world.ledger.engine, "before_cursor_execute", listen)
    pg_world.at("2026-09-30 18:00").sweep()
    sweeps.reconsider(pg_world.ledger, pg_world.now)
    claims = [statement for statement in said if "SKIP LOCKED" in statement]
    # Filed cases, due cases, undecided cases, notices.
    assert len({claim.partition("FROM")[2] for claim in claims}) >= 4


def test_on_postgresql_a_sweep_goes_round_what_another_holds_and_does_not_wait(
    pg_world: World,
) -> None:
    mine, theirs = signed(pg_world), signed(pg_world, place="解放路14号")
    cases = table(Case)
    held = sa.select(cases).where(cases.c.number == theirs).with_for_update()
    with pg_world.ledger.transaction() as connection:
        connection.execute(held)
        counts = sweeps.follow_up(pg_world.ledger, instant("2026-09-30 18:00"))
        assert counts["looked"] == 1
    assert (len(pg_world.levels(mine)), pg_world.levels(theirs)) == (1, [])
    assert sweeps.follow_up(pg_world.ledger, instant("2026-09-30 18:00"))["looked"] == 1


@pytest.mark.parametrize("station", ["2026-09-29 10:30", "2026-09-30 18:00"])
def test_the_next_look_is_the_only_thing_kept_of_the_agenda(world: World, station: str) -> None:
    case = signed(world)
    world.at(station).sweep()
    following: datetime = world.thread(case).agenda()[0].at
    assert world.case(case).next_look_at == following > world.now


def test_with_nothing_due_nothing_is_read_that_is_not_due(sqlite_world: World) -> None:
    ledger, asked = sqlite_world.ledger, []

    def listen(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        asked.append((statement, values))

    sa.event.listen(ledger.engine, "before_cursor_execute", listen)
    for among in (None, [1, 3, 5]):
        sweeps.due_shards(ledger, sqlite_world.now, among)
    sa.event.remove(ledger.engine, "before_cursor_execute", listen)
    with ledger.snapshot() as connection:
        plans = [
            row.detail
            for statement, values in asked
            if "next_look_at" in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert len([plan for plan in plans if "SEARCH case_" in plan]) == 2
    assert not [plan for plan in plans if plan.startswith("SCAN")]
