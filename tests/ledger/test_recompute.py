"""Recompute: what changes the rules reaches exactly the cases concerned, and says why."""

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from ledger import desk, loading, recompute, sweeps
from ledger.changes import table
from ledger.database import connect
from ledger.intake import Origin, receive
from ledger.recompute import Retimed
from models.assignment import Assignment
from models.calendar import CalendarDay, CalendarYear
from models.case import Case, Counter, LimitSource
from models.category import Category
from models.escalation import Escalation
from models.finding import Draft
from models.notice import Notice, NoticeKind
from models.policy import PolicyVersion
from models.record import Record
from rules.policy import Source
from tests.world import CITY, World, clock, instant, moved

CALENDAR = (Path(loading.__file__).parents[1] / "deploy/reference/calendar.csv").read_text("utf-8")
HEAD = CALENDAR.splitlines()[0]
NEW_YEAR = f"{HEAD}\n2027-01-01,0,元旦,test\n2027-01-02,0,元旦,test\n2027-01-03,0,元旦,test\n"
WRITTEN = (
    Case, Record, Notice, Escalation, Assignment, CalendarDay, CalendarYear, Category,
    PolicyVersion, Counter,
)  # fmt: skip


def calendar(off: Sequence[str] = (), on: Sequence[str] = ()) -> str:
    """The calendar of 2026 with some more days off, and some worked."""
    named = {*off, *on}
    kept = [
        line
        for line in CALENDAR.splitlines()
        if line.startswith("2026") and line.partition(",")[0] not in named
    ]
    more = [f"{day},0,停工,test" for day in off] + [f"{day},1,补班,test" for day in on]
    return "\n".join([HEAD, *kept, *more])


def load_calendar(world: World, text: str) -> list[Retimed]:
    return changed(world, lambda c: loading.load_calendar(c, text), "装载日历")


def changed(
    world: World, load: Callable[[Connection], Any], cause: str, *, reapply: bool = False
) -> list[Retimed]:
    touched = recompute.load_and_recompute(world.ledger, load, world.now, cause, reapply=reapply)[1]
    assert recompute.load_and_recompute(world.ledger, str, world.now, "再算")[1] == []
    return touched


def category(world: World, code: str, limit: str) -> list[Retimed]:
    """Change a category's limit."""
    row = next(row for row in world.rows(Category) if row.code == code)
    head = "code,kind,major,minor,filing,closing,limit,keywords,source"
    values = {**row._mapping, "kind": row.kind.words.zh, "limit": limit}
    line = ",".join(str(values[name]) for name in head.split(","))
    return changed(
        world, lambda c: loading.load_catalogue(c, f"{head}\n{line}\n"), f"{code} 时限改为{limit}"
    )


def policy(world: World, text: str, *, reapply: bool = False) -> list[Retimed]:
    source = Source("办法.yaml", f"extends: chuangcheng\n{text}")
    return changed(
        world, lambda c: loading.load_policy(c, source, world.now), "重新适用", reapply=reapply
    )


def by_category(world: World) -> None:
    """The limit of a category's standard counts first."""
    policy(
        world, "policy: by-category\ntitle: 按标准\nreading: {sources: [category, paper, policy]}"
    )


def by_number(touched: Sequence[Retimed]) -> list[str]:
    return [one.case for one in touched]


def dues(one: Retimed) -> tuple[str | None, str | None]:
    return clock(one.old_due), clock(one.due)


def last(world: World, number: str) -> Any:
    return world.thread(number).records[-1]


def told_of(world: World, number: str) -> list[str]:
    """Who is owed a notice of a new limit."""
    one = world.case(number).id
    found = world.rows(Notice, table(Notice).c.case_id == one)
    return [row.key for row in found if row.kind is NoticeKind.RECOMPUTED]


def three_days(world: World, place: str = "解放路12号", **more: Any) -> str:
    """Dispatched on the Thursday before the Mid-Autumn weekend: due on Wednesday the 30th."""
    case = world.at("2026-09-24 15:00").report(place, "路面积水", limit="3天", **more)
    world.bob.signs(case)
    return case


# -- exactly those concerned -------------------------------------------------------------------


def test_a_calendar_touches_exactly_the_cases_it_moves(world: World) -> None:
    mine = three_days(world)
    others = [
        world.report("解放路14号", "路面积水", limit="1天"),
        world.report("解放路16号", "井盖缺失", limit="20 紧急工作时"),
        world.report("解放路18号", "路面积水", unit="火星局"),
    ]
    closed = three_days(world, "解放路20号")
    world.bob.submits(closed)
    world.alice.passes(closed)
    world.carol.publishes(closed)
    before = [(world.case(n), world.thread(n).records) for n in [*others, closed]]
    touched = load_calendar(world, calendar(off=["2026-09-29"]))
    assert by_number(touched) == [mine]
    assert dues(touched[0]) == ("2026-09-30 18:00", "2026-10-08 18:00")
    assert touched[0].unit == "市城市管理局"
    assert [(world.case(n), world.thread(n).records) for n in [*others, closed]] == before


def test_the_record_tells_the_old_and_the_new_due_and_the_cause(world: World) -> None:
    case = three_days(world)
    load_calendar(world, calendar(off=["2026-09-29"]))
    record = last(world, case)
    assert record.words == (
        "重算时限（装载日历）：整改到期由 2026-09-30 18:00 改为 2026-10-08 18:00。"
    )
    data = json.loads(record.data)
    assert (record.verb, data["cause"]) == ("recompute", "装载日历")
    assert data["old_due"] == "2026-09-30T10:00:00.000000Z"
    assert data["due"] == data["now"]["due_at"] == "2026-10-08T10:00:00.000000Z"
    assert world.proven()


def test_the_lead_is_told_when_its_deadline_moves(world: World) -> None:
    case = three_days(world)
    load_calendar(world, calendar(off=["2026-09-29"]))
    assert len(told_of(world, case)) == 1
    load_calendar(world, calendar())
    assert world.due(case) == "2026-09-30 18:00"
    assert len(told_of(world, case)) == 2


def test_nobody_is_told_when_only_the_signing_limit_moves(world: World) -> None:
    case = world.report("解放路12号", "井盖缺失", limit="20 紧急工作时")
    [one] = load_calendar(world, calendar(off=["2026-09-28"]))
    assert (clock(one.old_step_due), clock(one.step_due)) == (
        "2026-09-28 18:00", "2026-09-29 18:00",
    )  # fmt: skip
    assert "本环节到期由 2026-09-28 18:00 改为 2026-09-29 18:00" in last(world, case).words
    assert told_of(world, case) == []


def test_a_unit_without_a_contact_has_its_new_deadline_told_above(world: World) -> None:
    case = world.report("解放路12号", "路面积水", unit="北坡社区", limit="3天")
    load_calendar(world, calendar(off=["2026-09-29"]))
    assert len(told_of(world, case)) == 1


def test_what_was_submitted_keeps_its_lateness_and_its_deadline(world: World) -> None:
    case = three_days(world)
    world.at("2026-09-30 19:00").bob.submits(case)
    [one] = load_calendar(world, calendar(off=["2026-09-29", "2026-10-09"]))
    row = world.case(case)
    assert (row.late, clock(row.due_at)) == (True, "2026-09-30 18:00")
    # Verifying has its own clock: two working days.
    assert (clock(one.old_step_due), clock(one.step_due)) == (
        "2026-10-09 18:00", "2026-10-10 18:00",
    )  # fmt: skip
    assert told_of(world, case) == []


def test_a_suspended_case_rests_on_and_resumes_by_the_new_calendar(world: World) -> None:
    case = three_days(world)
    world.at("2026-09-28 15:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    before = world.case(case)
    assert load_calendar(world, calendar(off=["2026-10-13"])) == []
    assert world.case(case) == before
    assert world.at("2026-10-12 08:00").sweep()["resumed"] == 1
    # Monday, Wednesday and Thursday: the day off is Tuesday.
    assert world.due(case) == "2026-10-15 18:00"


def test_a_limit_changed_under_a_suspended_case_counts_when_it_resumes(world: World) -> None:
    by_category(world)
    case = world.report("解放路12号", "井盖破损", category="B0101-2")
    world.bob.signs(case)
    world.at("2026-09-24 16:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    due = world.due(case)
    assert by_number(category(world, "B0101-2", "8 工作时")) == [case]
    assert (world.status(case), world.due(case)) == ("suspended", due)
    assert "恢复办理时按此计算" in last(world, case).words
    world.at("2026-10-12 08:00").sweep()
    # One hour was gone.
    assert world.due(case) == "2026-10-12 17:00"


def test_a_pause_of_an_earlier_clock_takes_no_day_of_the_one_that_runs(world: World) -> None:
    case = three_days(world)
    world.at("2026-09-28 09:00").bob.asks_to_suspend(case, "2026-10-12 08:00")
    world.carol.grants(case)
    world.at("2026-09-29 10:00")
    moved(desk.transfer(world.ledger, case, ["住建局"], "职责所在", world.now, "Carol", "当日"))
    assert world.due(case) == "2026-09-29 18:00"
    assert load_calendar(world, calendar()) == []
    assert load_calendar(world, calendar(off=["2026-10-09"])) == []


def test_what_is_not_dispatched_keeps_the_clock_of_its_filing(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", unit="火星局")
    since = world.case(case).since
    [one] = load_calendar(world, calendar(off=["2026-09-24"]))
    assert (clock(one.old_step_due), clock(one.step_due)) == (
        "2026-09-24 18:00", "2026-09-28 18:00",
    )  # fmt: skip
    assert (world.case(case).since, world.status(case)) == (since, "undecided")
    world.at("2026-09-24 18:00").sweep()
    assert world.levels(case, stage="dispatch") == []
    world.at("2026-09-28 18:00").sweep()
    assert len(world.levels(case, stage="dispatch")) == 1


def test_what_was_told_while_it_was_filed_is_not_told_again_when_it_is_undecided(
    world: World,
) -> None:
    policy(world, "policy: by-hand\ntitle: 人工立案\nfiling: hand")
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", unit="火星局")
    moved(desk.file(world.ledger, case, world.now, "Carol"))
    world.at("2026-09-24 18:00")
    assert sweeps.follow_up(world.ledger, world.now)["escalated"] == 1
    world.sweep()
    assert world.status(case) == "undecided"
    policy(world, OTHER, reapply=True)
    world.at("2026-09-24 18:30").sweep()
    assert len(world.levels(case, stage="dispatch")) == 1


def test_a_case_returned_by_its_unit_runs_on_two_clocks_and_both_move(world: World) -> None:
    case = three_days(world)
    world.at("2026-09-28 15:00").bob.sends_back(case)
    [one] = load_calendar(world, calendar(off=["2026-09-29"]))
    assert dues(one) == ("2026-09-30 18:00", "2026-10-08 18:00")
    assert (clock(one.old_step_due), clock(one.step_due)) == (
        "2026-09-29 18:00", "2026-09-30 18:00",
    )  # fmt: skip


def test_a_city_loaded_again_with_the_same_hours_touches_nothing(world: World) -> None:
    case = three_days(world)
    before = world.case(case)
    city = loading.parse_city(CITY, "city.yaml")
    assert changed(world, lambda c: loading.load_city(c, city), "装载城市资料") == []
    assert world.case(case) == before


def test_what_waits_for_an_opening_goes_when_today_becomes_a_working_day(world: World) -> None:
    world.at("2026-09-19 10:00").report("解放路12号", "路面积水", limit="3天")
    assert world.sweep()["sent"] == 0
    waiting = [row for row in world.rows(Notice) if row.next_try_at > world.now]
    assert waiting
    load_calendar(world, calendar(on=["2026-09-19"]))
    world.now += timedelta(minutes=45)
    assert world.sweep()["sent"] == len(waiting)


def test_what_is_drawn_to_be_looked_at_later_is_told_no_sooner(world: World) -> None:
    world.at("2026-09-19 10:00").report("解放路12号", "路面积水", limit="3天")
    notices = table(Notice)
    later = world.now + timedelta(days=20)
    with world.ledger.transaction() as connection:
        change = sa.update(notices).values(kind=NoticeKind.LOOK_BACK, next_try_at=later)
        connection.execute(change)
    load_calendar(world, calendar(on=["2026-09-19"]))
    assert {row.next_try_at for row in world.rows(Notice)} == {later}


def test_other_hours_move_what_ends_at_closing_time(world: World) -> None:
    case = three_days(world)
    hours = {str(day): [["08:30", "12:00"], ["13:30", "17:30"]] for day in range(5)}
    text = CITY.replace("zone: Asia/Shanghai", f"zone: Asia/Shanghai, hours: {json.dumps(hours)}")
    city = loading.parse_city(text, "city.yaml")
    [one] = changed(world, lambda c: loading.load_city(c, city), "装载城市资料")
    assert (one.case, *dues(one)) == (case, "2026-09-30 18:00", "2026-09-30 17:30")


# -- the calendar of a year not yet published --------------------------------------------------


def test_provisional_deadlines_become_firm_when_the_calendar_arrives(world: World) -> None:
    moves = world.at("2026-12-30 10:00").report("解放路12号", "路面结冰", limit="3天")
    stays = world.report("解放路14号", "路面结冰", limit="10 自然日")
    this_year = world.report("解放路16号", "路面结冰", limit="1天")
    assert [world.case(n).provisional for n in (moves, stays, this_year)] == [True, True, False]
    world.sweep()
    before = world.case(this_year)
    touched = load_calendar(world, NEW_YEAR)
    assert [(one.case, *dues(one), one.was_provisional, one.provisional) for one in touched] == [
        (moves, "2027-01-04 18:00", "2027-01-05 18:00", True, False),
        (stays, "2027-01-10 00:00", "2027-01-10 00:00", True, False),
    ]
    assert "暂定期限转为确定" in last(world, moves).words
    assert last(world, stays).words == "重算时限（装载日历）：期限不变，暂定期限转为确定。"
    assert (len(told_of(world, moves)), told_of(world, stays)) == (1, [])
    assert world.case(this_year) == before


def test_the_old_calendar_loaded_again_puts_everything_back(world: World) -> None:
    case = three_days(world)
    load_calendar(world, calendar(off=["2026-09-29"]))
    load_calendar(world, calendar())
    assert world.due(case) == "2026-09-30 18:00"
    world.at("2026-09-30 18:00").sweep()
    assert [level.planned for level in world.levels(case)] == ["2026-09-30 18:00"]


def test_a_date_that_stands_on_the_paper_stays_that_date(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="2026-10-09")
    assert (world.due(case), world.case(case).limit) == ("2026-10-09 18:00", "5 工作日")
    [one] = load_calendar(world, calendar(off=["2026-09-29"]))
    assert dues(one) == ("2026-10-09 18:00", "2026-10-09 18:00")
    assert (one.old_limit, one.limit) == ("5 工作日", "4 工作日")
    assert told_of(world, case) == []


# -- a category's limit ------------------------------------------------------------------------


def test_a_categorys_limit_reaches_only_the_cases_that_have_it_from_there(world: World) -> None:
    by_category(world)
    mine = world.report("解放路12号", "井盖破损", category="B0101-2")
    other = world.report("解放路14号", "井盖缺失", category="B0101-1")
    by_hand = world.report("解放路16号", "井盖破损", category="B0101-2", unit="火星局")
    world.carol.dispatches(by_hand, "城管局", limit="6 工作时")
    before = [world.case(number) for number in (other, by_hand)]
    [one] = category(world, "B0101-2", "8 工作时")
    assert (one.case, one.old_limit, one.limit) == (mine, "4 工作时", "8 工作时")
    assert dues(one) == ("2026-09-28 09:00", "2026-09-28 15:00")
    assert "时限由4 工作时改为8 工作时（立案标准）" in last(world, mine).words
    assert "B0101-2 时限改为8 工作时" in last(world, mine).words
    assert [world.case(number) for number in (other, by_hand)] == before


def test_a_limit_shortened_into_the_past_carries_out_the_level_it_has_reached_once(
    world: World,
) -> None:
    by_category(world)
    category(world, "B0101-2", "5 工作日")
    case = world.at("2026-09-21 09:00").report("解放路12号", "井盖破损", category="B0101-2")
    world.bob.signs(case)
    world.at("2026-09-24 15:00").sweep()
    assert world.levels(case) == []
    category(world, "B0101-2", "1 工作日")
    assert world.due(case) == "2026-09-22 18:00"
    world.sweep()
    reached = [(level.level, level.planned, level.outcome) for level in world.levels(case)]
    assert reached == [
        (1, "2026-09-22 18:00", "skipped: catch-up"),
        (2, "2026-09-23 18:00", "carried_out"),
    ]
    category(world, "B0101-2", "8 工作时")
    world.sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]
    assert world.proven()


def test_a_level_that_now_lies_before_the_last_look_is_not_lost(world: World) -> None:
    by_category(world)
    category(world, "B0101-2", "5 工作日")
    case = world.at("2026-09-21 09:00").report("解放路12号", "井盖破损", category="B0101-2")
    world.bob.signs(case)
    assert world.at("2026-09-24 09:00").sweep()["reminded"] == 1
    category(world, "B0101-2", "4 工作时")
    assert clock(world.case(case).looked_until) == "2026-09-21 14:59"
    world.sweep()
    reached = [(level.level, level.planned) for level in world.levels(case)]
    assert reached == [(1, "2026-09-21 15:00"), (2, "2026-09-22 18:00")]
    # The reminders that lie in the past are not sent: the new limit was told at once.
    assert world.sweep() == {}


def test_a_verification_limit_that_has_passed_already_is_made_up_for(world: World) -> None:
    case = three_days(world)
    world.at("2026-09-28 09:00").bob.submits(case)
    world.at("2026-09-29 16:00").sweep()
    policy(world, "policy: sooner\ntitle: 快\nstages: {verify: {limit: 1 工作日}}", reapply=True)
    assert clock(world.case(case).step_due_at) == "2026-09-29 18:00"
    world.at("2026-09-29 18:00").sweep()
    assert len(world.levels(case, stage="verify")) == 1


def test_an_overdue_case_given_more_time_climbs_its_ladder_afresh(world: World) -> None:
    by_category(world)
    category(world, "B0101-2", "3 工作日")
    case = world.at("2026-09-21 09:00").report("解放路12号", "井盖破损", category="B0101-2")
    world.bob.signs(case)
    world.at("2026-09-24 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]
    epoch = world.case(case).epoch
    category(world, "B0101-2", "5 工作日")
    row = world.case(case)
    assert (clock(row.due_at), row.epoch, row.late) == ("2026-09-29 18:00", epoch + 1, None)
    world.at("2026-09-29 17:59").sweep()
    assert [level.level for level in world.levels(case)] == [1]
    world.at("2026-09-29 18:00").sweep()
    assert [(level.level, level.planned) for level in world.levels(case)] == [
        (1, "2026-09-24 18:00"),
        (1, "2026-09-29 18:00"),
    ]
    world.at("2026-09-29 18:30").bob.submits(case)
    assert world.case(case).late is True


def test_a_case_still_overdue_climbs_on_and_repeats_nothing(world: World) -> None:
    by_category(world)
    category(world, "B0101-2", "1 工作日")
    case = world.at("2026-09-07 09:00").report("解放路12号", "井盖破损", category="B0101-2")
    world.bob.signs(case)
    for day in ("2026-09-08", "2026-09-09"):
        world.at(f"{day} 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1, 2]
    category(world, "B0101-2", "2 工作日")
    for day in ("2026-09-10", "2026-09-11", "2026-09-14"):
        world.at(f"{day} 18:00").sweep()
    assert [(level.level, level.planned) for level in world.levels(case)] == [
        (1, "2026-09-08 18:00"), (2, "2026-09-09 18:00"), (3, "2026-09-14 18:00"),
    ]  # fmt: skip


# -- a policy applied again --------------------------------------------------------------------

OTHER = (
    "policy: other\ntitle: 新办法\nreading: {sources: [category, paper, policy]}\n"
    "stages: {handle: {limit: 5 工作日}}\nrework: 1 工作日"
)


def test_a_policy_loaded_leaves_open_cases_alone_until_it_is_applied_again(world: World) -> None:
    case = world.report("解放路12号", "路面积水")
    before = world.case(case)
    assert policy(world, OTHER) == []
    assert world.case(case) == before
    assert by_number(policy(world, OTHER, reapply=True)) == [case]


def test_each_limit_follows_its_source_when_a_policy_is_applied_again(world: World) -> None:
    world.at("2026-09-21 09:00")
    default = world.report("解放路2号", "某处不妥")
    on_paper = world.report("解放路4号", "某处不妥", limit="2天")
    of_category = world.report("解放路6号", "井盖破损", category="B0101-2", limit="2天")
    by_hand = world.report("解放路8号", "井盖破损", category="B0101-2", unit="火星局")
    world.carol.dispatches(by_hand, "城管局", limit="6 工作日")
    rework = three_days_of_rework(world)
    touched = policy(world, OTHER, reapply=True)
    assert by_number(touched) == [default, on_paper, of_category, by_hand, rework]
    limits = {one.case: (one.old_limit, one.limit) for one in touched}
    assert limits == {
        default: ("3 工作日", "5 工作日"),
        on_paper: ("2 工作日", "2 工作日"),
        of_category: ("2 工作日", "4 工作时"),
        by_hand: ("6 工作日", "6 工作日"),
        rework: ("2 工作日", "1 工作日"),
    }
    sources = [world.case(one.case).limit_source for one in touched]
    assert sources == [
        LimitSource.POLICY, LimitSource.PAPER, LimitSource.CATEGORY, LimitSource.PERSON,
        LimitSource.REWORK,
    ]  # fmt: skip
    assert "改按《新办法》办理，期限不变" in last(world, on_paper).words
    assert told_of(world, on_paper) == []


def three_days_of_rework(world: World) -> str:
    case = world.report("解放路10号", "某处不妥")
    world.bob.signs(case)
    world.bob.submits(case)
    world.alice.fails(case)
    return case


def test_what_the_paper_says_is_asked_again_by_the_policy_that_wants_it(world: World) -> None:
    policy(world, "policy: own\ntitle: 只按办法\nreading: {sources: [policy]}")
    case = world.report("解放路12号", "路面积水", limit="7天")
    assert world.case(case).limit == "3 工作日"
    policy(world, "policy: paper\ntitle: 先按文书", reapply=True)
    assert (world.case(case).limit, world.case(case).limit_source) == ("7 工作日", "paper")
    policy(world, "policy: nature\ntitle: 自然日\nreading: {bare_days: calendar}", reapply=True)
    assert world.case(case).limit == "7 自然日"


def test_every_extension_is_counted_again(world: World) -> None:
    case = world.at("2026-09-21 09:00").report("解放路12号", "某处不妥")
    world.bob.signs(case)
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)
    assert world.due(case) == "2026-09-30 18:00"
    epoch = world.case(case).epoch
    [one] = policy(world, OTHER, reapply=True)
    # Five days, and five more: 22 23 24 28 29, then 30 8 9 10 12.
    assert dues(one) == ("2026-09-30 18:00", "2026-10-12 18:00")
    assert (world.case(case).extensions, world.case(case).epoch) == (1, epoch)


def test_a_closed_case_that_waits_to_be_published_takes_up_the_policy_too(world: World) -> None:
    case = three_days(world)
    world.bob.submits(case)
    world.alice.passes(case)
    due = world.due(case)
    [one] = policy(
        world, "policy: p\ntitle: 新\nstages: {publish: {limit: 3 自然日}}", reapply=True
    )
    assert (clock(one.old_step_due), clock(one.step_due)) == (
        "2026-10-02 00:00", "2026-09-28 00:00",
    )  # fmt: skip
    assert (world.due(case), world.case(case).late) == (due, False)


def test_the_past_is_told_by_the_policy_of_the_past(world: World) -> None:
    case = three_days(world)
    old = world.case(case).policy_id
    world.at("2026-09-28 09:00")
    policy(world, OTHER, reapply=True)
    new = json.loads(last(world, case).data)["now"]["policy_id"]
    assert new == world.case(case).policy_id != old


# -- a dry run ---------------------------------------------------------------------------------


def test_a_preview_tells_what_would_be_and_writes_nothing(world: World) -> None:
    three_days(world)
    world.report("解放路14号", "路面积水", limit="1天")

    def load(connection: Connection) -> list[int]:
        return loading.load_calendar(connection, calendar(off=["2026-09-29"]))

    before = [world.rows(model) for model in WRITTEN]
    foretold = recompute.preview(world.ledger, load, world.now, "装载日历")
    assert [world.rows(model) for model in WRITTEN] == before
    assert recompute.load_and_recompute(world.ledger, load, world.now, "装载日历") == foretold
    assert (foretold[0], len(foretold[1])) == ([2026], 1)


def test_a_load_that_fails_leaves_calendar_and_cases_as_they_were(world: World) -> None:
    three_days(world)
    before = [world.rows(model) for model in WRITTEN]

    def load(connection: Connection) -> None:
        loading.load_calendar(connection, calendar(off=["2026-09-29"]))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        recompute.load_and_recompute(world.ledger, load, world.now, "装载日历")
    assert [world.rows(model) for model in WRITTEN] == before


def test_progress_is_told_page_by_page(world: World) -> None:
    three_days(world)
    three_days(world, "解放路14号")
    seen: list[tuple[int, int]] = []
    recompute.load_and_recompute(
        world.ledger, str, world.now, "重算", told=lambda *done: seen.append(done)
    )
    assert seen == [(2, 2)]


# -- beside others -----------------------------------------------------------------------------


def test_a_sweep_begun_before_the_load_goes_on_by_the_new_calendar(
    world: World, database: str
) -> None:
    cases = [three_days(world, f"解放路{n}号") for n in (12, 14)]
    at = world.at("2026-09-29 10:30").now
    other = World(connect(database), world.folder, at)
    loads = iter([calendar(off=["2026-09-30"])])

    def between(*_: Any) -> None:
        if text := next(loads, None):
            load_calendar(other, text)

    # A connection comes back to its pool when its transaction is over.
    sa.event.listen(world.ledger.engine, "checkin", between)
    assert sweeps.follow_up(world.ledger, at, batch=1)["looked"] >= 2
    sa.event.remove(world.ledger.engine, "checkin", between)
    assert next(loads, None) is None
    assert [world.due(case) for case in cases] == ["2026-10-08 18:00"] * 2
    assert recompute.load_and_recompute(world.ledger, str, at, "再算")[1] == []
    other.ledger.engine.dispose()


def test_a_paper_begun_before_the_load_goes_on_by_the_new_calendar(world: World) -> None:
    drafts = [Draft(str(n), f"解放路{n}号", "路面积水", units=("城管局",)) for n in range(1001)]
    chunks = receive(world.ledger, Origin("0" * 64, "台账.csv"), drafts, world.now)
    first = next(chunks)
    assert len(load_calendar(world, calendar(off=["2026-09-29"]))) == len(first)
    [[answer]] = list(chunks)
    assert world.due(str(answer.case)) == "2026-10-08 18:00"


def test_on_postgresql_a_case_in_other_hands_is_recomputed_after_them(pg_world: World) -> None:
    world = pg_world
    case = three_days(world)
    cases = table(Case)
    touched: list[Retimed] = []
    load = Thread(target=lambda: touched.extend(load_calendar(world, calendar(off=["2026-09-29"]))))
    with world.ledger.transaction() as connection:
        connection.execute(sa.select(cases.c.id).with_for_update())
        load.start()
        load.join(0.5)
        assert load.is_alive()
        connection.execute(sa.update(cases).values(version=cases.c.version + 1, reports=2))
    load.join(60)
    assert by_number(touched) == [case]
    assert (world.case(case).reports, world.due(case)) == (2, "2026-10-08 18:00")


# -- a law -------------------------------------------------------------------------------------

LIMITS = (
    "3天",
    "1天",
    "4 工作时",
    "2 紧急工作时",
    "7 自然日",
    "当日",
    "2026-12-31",
    "0.5 工作日",
    "",
)


def acknowledged(world: World, case: str) -> None:
    world.bob.signs(case)


def extended(world: World, case: str) -> None:
    acknowledged(world, case)
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)


def rested(world: World, case: str) -> None:
    acknowledged(world, case)
    world.bob.asks_to_suspend(case, str(clock(world.now + timedelta(days=9))))
    world.carol.grants(case)


def returned(world: World, case: str) -> None:
    world.bob.sends_back(case)


def reworked(world: World, case: str) -> None:
    submitted(world, case)
    world.alice.fails(case)


def submitted(world: World, case: str) -> None:
    acknowledged(world, case)
    world.bob.submits(case)


def closed(world: World, case: str) -> None:
    submitted(world, case)
    world.alice.passes(case)


def passed_on(world: World, case: str) -> None:
    rested(world, case)
    moved(desk.transfer(world.ledger, case, ["住建局"], "职责所在", world.now, "Carol"))


def untouched(world: World, case: str) -> None:
    """Only dispatched."""


LIVES = (
    untouched, acknowledged, extended, rested, returned, reworked, submitted, closed, passed_on,
)  # fmt: skip


@given(
    opened=st.lists(
        st.tuples(st.sampled_from(LIMITS), st.sampled_from(LIVES)), min_size=1, max_size=4
    ),
    off=st.sets(st.dates(date(2026, 9, 21), date(2026, 12, 31)), max_size=12),
    hours=st.integers(1, 40),
)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_recomputed_twice_is_recomputed_once_and_without_a_cause_not_at_all(
    sqlite_world: World, opened: list[tuple[str, Any]], off: set[date], hours: int
) -> None:
    world = sqlite_world
    if world.now > instant("2026-11-30 00:00"):
        return
    # Working hours only: what is due at once can be neither extended nor suspended.
    world.at(f"{world.now.date() + timedelta(days=1)} 09:00")
    for n, (limit, live) in enumerate(opened):
        place = f"{world.now:%m%d%H%M} {n}号"
        live(world, world.report(place, "路面积水", limit=limit))
    assert recompute.load_and_recompute(world.ledger, str, world.now, "无故")[1] == []
    world.now += timedelta(hours=hours)
    world.sweep()
    assert recompute.load_and_recompute(world.ledger, str, world.now, "无故")[1] == []
    load_calendar(world, calendar(off=sorted(map(str, off))))
    world.sweep()
    assert recompute.load_and_recompute(world.ledger, str, world.now, "无故")[1] == []
