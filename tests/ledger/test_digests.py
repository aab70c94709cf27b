"""Digests in the outbox: one message, many notices, and all of them share its fate."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from ledger import loading, log, outbox, sweeps
from ledger.changes import table
from ledger.outbox import LEASE, Owed, Result
from ledger.waiting import due_now, hold_people, of_people
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Channel, Person
from rules.digest import PACES, Pace
from rules.policy import Source
from tests.ledger import hands
from tests.world import World, clock

NOW = datetime(2026, 9, 29, 3, tzinfo=UTC)
SOON = NOW + LEASE + timedelta(seconds=1)
HALF_GONE = "2026-09-29 10:30"
"""Half of three working days from the 24th, three in the afternoon."""

SENT, TEMPORARY = DeliveryOutcome.SENT, DeliveryOutcome.TEMPORARY


def guarded(world: World, cap: int = 10, window: str = "2 工作时") -> None:
    """Put another burden guard into force."""
    text = (
        "policy: guarded\nextends: chuangcheng\n"
        f"burden: {{reminders_per_day: {cap}, together_within: {window}}}\n"
    )
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("guarded.yaml", text), world.now)


def dispatched(
    world: World, count: int, unit: str = "城管局", at: str = "2026-09-24 15:00"
) -> list[str]:
    """So many cases handed to a unit and signed for, with the notices of that sent."""
    world.at(at)
    made = [
        world.report(f"{unit}解放路{at[-5:-3]}{n}号", "路面积水", unit, "3天") for n in range(count)
    ]
    for case in made:
        world.bob.signs(case)
    world.sweep()
    return made


def reminded(world: World, count: int, at: str = HALF_GONE) -> list[str]:
    """So many reminders owed to Bob and nothing sent yet."""
    made = dispatched(world, count)
    world.at(at)
    sweeps.follow_up(world.ledger, world.now)
    return made


def take(world: World, now: datetime = NOW) -> list[Owed]:
    return outbox.claim(world.ledger, world.now, now).owed


def answer(world: World, hand: list[Owed], outcome: DeliveryOutcome, said: str = "") -> None:
    results = [Result(owed, "folder://…", outcome, said) for owed in hand]
    outbox.mark(world.ledger, results, world.now)


def reminders(world: World, state: NoticeState | None = None) -> list[log.OutboxRow]:
    return [row for row in log.outbox(world.ledger, state) if row.kind == NoticeKind.REMINDER]


def heard(world: World, who: str = "bob") -> list[str]:
    """The reminders somebody got: when, and of how many cases."""
    found = []
    for told in world.told(who):
        if told.subject.startswith("【催办提醒】"):
            many = re.search(r"】(\d+) 件", told.subject)
            found.append(f"{told.at[5:]} {many[1] if many else 1}")
    return found


# -- one message -------------------------------------------------------------------------------


def test_reminders_due_in_one_round_are_one_message_and_every_notice_says_which(
    world: World,
) -> None:
    made = reminded(world, 3)
    assert world.sweep()["sent"] == 3
    assert heard(world) == ["09-29 10:30 3"]
    body = world.told("bob")[-1].body
    assert [number in body for number in made] == [True] * 3
    rows = reminders(world)
    assert {(row.state, row.channel, row.attempts) for row in rows} == {("sent", "folder://bob", 1)}
    assert len({row.message for row in rows}) == 1
    # What had been dispatched in one round was one message, too, and another.
    [dispatched] = {row.message for row in log.outbox(world.ledger) if row not in rows}
    assert dispatched not in {row.message for row in rows}


def test_a_single_reminder_is_sent_as_ever(sqlite_world: World) -> None:
    world = sqlite_world
    reminded(world, 1)
    world.sweep()
    assert heard(world) == ["09-29 10:30 1"]
    assert "以下问题仍未整改，请抓紧办理。" in world.told("bob")[-1].body


def test_two_reminders_of_one_case_are_one_line(sqlite_world: World) -> None:
    world = sqlite_world
    [case] = reminded(world, 1)
    [row] = world.rows(Notice, table(Notice).c.kind == NoticeKind.REMINDER)
    twin = dict(row._mapping) | {"id": None, "key": "remind:again"}
    with world.ledger.transaction() as connection:
        connection.execute(
            sa.insert(table(Notice)), [{k: v for k, v in twin.items() if v is not None}]
        )
    assert world.sweep()["sent"] == 2
    assert heard(world) == ["09-29 10:30 1"]
    assert world.told("bob")[-1].body.count(case) == 1


def test_levels_of_one_round_go_together_and_every_case_is_named(sqlite_world: World) -> None:
    world = sqlite_world
    made = dispatched(world, 3)
    for moment in (HALF_GONE, "2026-09-30 10:00", "2026-09-30 16:00", "2026-09-30 18:00"):
        world.at(moment).sweep()
    [now] = [told for told in world.told("bob") if told.at == "2026-09-30 18:00"]
    assert now.subject.startswith("【单位负责人督办】3 件")
    assert [case in now.body for case in made] == [True] * 3


# -- what goes wrong ---------------------------------------------------------------------------


def test_a_crash_leaves_the_whole_digest_unknown_and_the_resend_says_so(world: World) -> None:
    reminded(world, 3)
    assert len(take(world)) == 3
    tries = [t for t in world.rows(Delivery) if t.outcome is DeliveryOutcome.UNKNOWN]
    assert len(tries) == 3
    assert len({t.message for t in tries}) == 1
    again = take(world, SOON)
    assert [(owed.attempt, owed.resend) for owed in again] == [(2, True)] * 3
    assert {owed.message for owed in again} == {tries[0].message}
    answer(world, again, SENT)
    assert {row.maybe_twice for row in reminders(world)} == {True}


def test_the_digest_sent_again_says_that_it_may_come_twice(sqlite_world: World) -> None:
    world = sqlite_world
    reminded(world, 2)
    take(world)
    notices = table(Notice)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(notices).values(lease_until=NOW - LEASE))
    world.sweep()
    assert heard(world) == ["09-29 10:30 2"]
    assert "可能重复收到" in world.told("bob")[-1].body


def test_a_digest_that_failed_comes_back_whole_and_is_one_message_of_the_day(
    world: World,
) -> None:
    guarded(world, cap=1)
    reminded(world, 3)
    answer(world, take(world), TEMPORARY, "busy")
    assert len({row.next_try_at for row in reminders(world)}) == 1
    world.at("2026-09-29 10:40")
    again = take(world)
    assert [owed.attempt for owed in again] == [2, 2, 2]
    assert len({owed.message for owed in again}) == 1
    answer(world, again, SENT)
    assert {row.state for row in reminders(world)} == {"sent"}


def test_what_is_no_longer_true_drops_out_of_a_digest_that_is_tried_again(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    made = reminded(world, 3)
    answer(world, take(world), TEMPORARY, "busy")
    world.at("2026-09-29 10:40").bob.submits(made[0])
    counts = world.sweep()
    assert counts["moot"] == 1
    assert heard(world) == ["09-29 10:40 2"]


def test_a_digest_nobody_can_be_reached_with_is_a_dead_letter_for_each_case(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    reminded(world, 2)
    bob = next(row.id for row in world.rows(Person) if row.name == "Bob")
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(channels).where(channels.c.person_id == bob))
    assert world.sweep()["dead"] == 2
    assert {row.state for row in reminders(world)} == {"dead"}


# -- in what order, and how many together ------------------------------------------------------


def test_more_levels_than_one_message_can_name_are_several_messages(sqlite_world: World) -> None:
    world = sqlite_world
    made = dispatched(world, 22)
    for moment in (HALF_GONE, "2026-09-30 10:00", "2026-09-30 16:00", "2026-09-30 18:00"):
        world.at(moment).sweep()
    now = [told for told in world.told("bob") if told.at == "2026-09-30 18:00"]
    assert [case for case in made if not any(case in told.body for told in now)] == []
    counts = sorted(re.findall(r"】(\d+) 件", " ".join(told.subject for told in now)))
    assert counts == ["2", "20"]


def test_the_ladder_is_claimed_first_then_news_then_reminders_and_of_each_what_is_due_first(
    world: World,
) -> None:
    dispatched(world, 2)
    dispatched(world, 2, "住建局")
    for moment in (HALF_GONE, "2026-09-30 10:00"):
        world.at(moment).sweep()
    world.at("2026-09-30 18:00")
    later = world.report("和平街1号", "路面积水", "西岚区", "5天")
    sooner = world.report("和平街2号", "路面积水", "住建局", "1天")
    sweeps.follow_up(world.ledger, world.now)
    claimed = take(world)
    paces = [PACES[owed.kind] for owed in claimed]
    assert paces == sorted(paces, key=[Pace.AT_ONCE, Pace.NEWS, Pace.REMINDER].index)
    assert set(paces) == {Pace.AT_ONCE, Pace.NEWS}
    assert [owed.number for owed in claimed if owed.kind is NoticeKind.DISPATCHED] == [
        sooner,
        later,
    ]


def test_a_hand_takes_the_most_urgent_messages_and_leaves_the_rest_as_they_are(
    world: World,
) -> None:
    for n, unit in enumerate(("城管局", "住建局", "西岚区")):
        world.report(f"解放路{n}号", "路面积水", unit, f"{3 - n}天")
    first = outbox.claim(world.ledger, world.now, NOW, most=1).owed
    assert [owed.person for owed in first] == ["Mallory"]
    rest = outbox.claim(world.ledger, world.now, NOW, most=5).owed
    assert [owed.person for owed in rest] == ["住建局联络员", "Bob"]


def test_a_try_that_failed_is_not_made_again_by_night(world: World) -> None:
    world.at("2026-09-24 19:58").report("解放路12号", "路面积水", limit="3天")
    [owed] = take(world)
    answer(world, [owed], TEMPORARY, "busy")
    assert take(world.at("2026-09-24 20:00"), SOON) == []
    [row] = log.outbox(world.ledger)
    assert (row.state, row.attempts, clock(row.next_try_at)) == ("owed", 1, "2026-09-28 08:00")
    [again] = take(world.at("2026-09-28 08:00"), SOON)
    assert (again.attempt, again.message) == (2, owed.message)


def test_a_lease_that_ran_out_by_night_is_taken_up_in_the_morning_and_says_so(
    world: World,
) -> None:
    world.at("2026-09-24 19:58").report("解放路12号", "路面积水", limit="3天")
    assert len(take(world)) == 1
    assert take(world.at("2026-09-24 21:00"), SOON) == []
    [again] = take(world.at("2026-09-28 08:00"), SOON)
    assert (again.attempt, again.resend) == (2, True)


def test_news_beyond_the_days_messages_is_told_the_next_morning(world: World) -> None:
    text = "policy: few\nextends: chuangcheng\nburden: {news_per_day: 1, news_within: null}\n"
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("few.yaml", text), world.now)
    dispatched(world, 1)
    late = dispatched(world, 2, at="2026-09-24 17:00")
    assert len(world.told("bob")) == 1
    world.at("2026-09-28 07:59").sweep()
    assert len(world.told("bob")) == 1
    world.at("2026-09-28 08:00").sweep()
    [told] = world.told("bob")[1:]
    assert [case in told.body for case in late] == [True, True]


def test_of_a_calendar_that_came_late_each_person_hears_once(sqlite_world: World) -> None:
    world = sqlite_world
    dispatched(world, 12)
    notices = table(Notice)
    with world.ledger.transaction() as connection:
        connection.execute(
            sa.update(notices).values(
                kind=NoticeKind.RECOMPUTED, state=NoticeState.OWED, attempts=0, ended_at=None,
                next_try_at=world.at("2026-09-28 09:00").now, facts={"reason": "装载日历 2027"},
            )
        )  # fmt: skip
        connection.execute(sa.delete(table(Delivery)))
    world.sweep()
    [told] = [told for told in world.told("bob") if told.at == "2026-09-28 09:00"]
    assert told.subject.startswith("【时限变更】12 件")


# -- waiting and the cap -----------------------------------------------------------------------


def test_what_waits_is_no_attempt_and_no_failure(world: World) -> None:
    dispatched(world, 1)
    dispatched(world, 2, at="2026-09-24 16:00")
    world.at(HALF_GONE).sweep()
    # The others are half gone an hour later, inside the window of two working hours.
    before = reminders(world)
    world.at("2026-09-29 11:30").sweep()
    new = [row for row in reminders(world) if row not in before]
    assert [(row.state, row.attempts, clock(row.next_try_at)) for row in new] == [
        ("owed", 0, "2026-09-29 14:30")
    ] * 2
    world.at("2026-09-29 14:29").sweep()
    assert heard(world) == ["09-29 10:30 1"]
    world.at("2026-09-29 14:30").sweep()
    assert heard(world) == ["09-29 10:30 1", "09-29 14:30 2"]


def test_what_is_beyond_the_cap_can_be_seen_and_the_next_message_says_so(world: World) -> None:
    guarded(world, cap=1, window="1 工作时")
    first = dispatched(world, 1)
    second = dispatched(world, 2, at="2026-09-24 17:00")
    world.at(HALF_GONE).sweep()
    counts = world.at("2026-09-29 17:00").sweep()
    assert counts["capped"] == 2
    assert heard(world) == ["09-29 10:30 1"]
    assert {row.case for row in reminders(world, NoticeState.CAPPED)} == set(second)
    [row] = log.rows(world.ledger, second[0], reminders=True)
    assert [(who["person"], who["state"]) for who in row.recipients] == [("Bob", "capped")]
    assert row.outcome == "carried_out"

    # The next day has its own messages; the first of them says what was held back.
    world.at("2026-09-30 16:00").sweep()
    assert heard(world)[-1] == "09-30 16:00 3"
    assert "另有 2 条提醒超过每日上限" in world.told("bob")[-1].body
    assert first[0] in world.told("bob")[-1].body


def test_a_case_on_a_continuous_clock_waits_for_nobody(sqlite_world: World) -> None:
    world = sqlite_world
    guarded(world, cap=1)
    reminded(world, 1)
    world.sweep()
    case = world.report("中山路井盖", "井盖丢失", limit="4 紧急工作时")
    world.bob.signs(case)
    world.sweep()
    world.at("2026-09-29 12:30").sweep()
    assert heard(world)[-1] == "09-29 12:30 1"
    assert case in world.told("bob")[-1].body


def test_a_page_of_notices_ends_between_two_people(sqlite_world: World) -> None:
    world = sqlite_world
    for unit in ("城管局", "住建局"):
        dispatched(world, 3, unit)
    sweeps.follow_up(world.ledger, world.at(HALF_GONE).now)
    with world.ledger.transaction() as connection:
        due = due_now(connection, world.now, NOW)
        people = hold_people(connection, due, 10)
        counts = [len(of_people(connection, due, people, most)) for most in (7, 6, 4, 2)]
    assert counts == [6, 3, 3, 2]


# -- many hands --------------------------------------------------------------------------------


def test_while_one_hand_binds_somebodys_digest_no_other_begins_another(pg_world: World) -> None:
    world = pg_world
    reminded(world, 5)
    with world.ledger.transaction() as connection:
        due = due_now(connection, world.now, NOW)
        assert len(hold_people(connection, due, 10)) == 1
        assert take(world) == []
    assert len(take(world)) == 5


def test_somebody_whose_digest_is_being_bound_can_still_be_owed_another_notice(
    pg_world: World,
) -> None:
    world = pg_world
    reminded(world, 1)
    with world.ledger.transaction() as connection:
        hold_people(connection, due_now(connection, world.now, NOW), 10)
        # Would wait for ever if it had to wait for the person.
        world.report("和平街1号", "占道经营")


def test_what_four_processes_remind_at_once_is_one_message_for_each_person(
    world: World, database: str, tmp_path: Path
) -> None:
    for unit in ("城管局", "住建局", "西岚区"):
        dispatched(world, 40, unit)
    world.at(HALF_GONE)
    sweeps.follow_up(world.ledger, world.now)
    did = hands.run("many", 4, "deliver", database, world.now.isoformat(), world.folder)
    assert sum(one.get("sent", 0) for one in did) == len(reminders(world)) == 120
    for who in ("bob", "builder", "mallory"):
        assert heard(world, who) == ["09-29 10:30 40"]
