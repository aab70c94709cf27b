"""The verbs: each moves the case, or is refused courteously and writes nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ledger import desk
from ledger.changes import Overtaken
from ledger.database import connect
from ledger.desk import matter
from models.assignment import Assignment
from models.case import Case, Pause
from models.evidence import Evidence
from models.notice import Notice
from models.record import Record
from models.request import Request, RequestKind
from models.words import Trouble
from rules.lifecycle import Moved, Refused
from tests.world import World, clock, refusal

EVERYTHING = (Case, Record, Notice, Assignment, Request, Pause, Evidence)


def on_the_desk(world: World, limit: str = "3天", unit: str = "城管局") -> str:
    """A case Bob has signed for on the afternoon before Mid-Autumn."""
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", unit=unit, limit=limit)
    world.bob.signs(case)
    return case


def handed_in(world: World) -> str:
    case = on_the_desk(world)
    world.at("2026-09-28 10:00").bob.submits(case)
    return case


def test_signing_moves_the_case_and_leaves_its_clock_alone(world: World) -> None:
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    due = world.due(case)
    assert world.at("2026-09-28 17:59").bob.signs(case) == "in_progress"
    assert world.due(case) == due == "2026-09-30 18:00"
    assert world.thread(case).records[-1].words == "签收。"


def test_signing_late_is_allowed_and_said(sqlite_world: World) -> None:
    case = sqlite_world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    sqlite_world.at("2026-09-28 18:00").bob.signs(case)
    assert "超过签收时限" in sqlite_world.thread(case).records[-1].words


@pytest.mark.parametrize(
    ("due", "handed_in", "late"),
    [("2026-09-30 17:59", "2026-09-30 17:59", False), ("", "2026-09-30 18:00", True)],
)
def test_lateness_is_decided_the_moment_the_rectification_is_handed_in(
    sqlite_world: World, due: str, handed_in: str, late: bool
) -> None:
    case = on_the_desk(sqlite_world)
    sqlite_world.at(handed_in).bob.submits(case)
    row = sqlite_world.case(case)
    assert (row.late, clock(row.submitted_at)) == (late, handed_in)


@pytest.mark.parametrize("late", [True, False])
def test_lateness_is_decided_once_and_rework_does_not_change_it(world: World, late: bool) -> None:
    case = on_the_desk(world)
    world.at("2026-10-09 10:00" if late else "2026-09-29 10:00").bob.submits(case)
    world.carol.fails(case)
    # Rework has two working days; it is handed in far beyond them, or well within.
    world.at("2026-10-09 11:00" if late else "2026-10-20 10:00").bob.submits(case)
    assert world.case(case).late is late


def test_handing_in_needs_words_and_they_are_kept(world: World) -> None:
    case = on_the_desk(world)
    with refusal("请写明整改情况"):
        world.bob.submits(case, "   ")
    world.bob.submits(case, "已抽干积水")
    [evidence] = world.rows(Evidence)
    assert evidence.text == "已抽干积水"


def test_the_handling_clock_stops_when_the_rectification_is_handed_in(world: World) -> None:
    case = handed_in(world)
    world.carol.passes(case)
    world.at("2026-12-01 09:00").sweep()
    assert world.levels(case) == []


def test_a_return_keeps_the_clock_running(world: World) -> None:
    case = on_the_desk(world)
    world.at("2026-09-28 09:00").bob.sends_back(case)
    assert (world.status(case), world.due(case)) == ("returned", "2026-09-30 18:00")
    world.at("2026-09-30 18:00").sweep()
    assert [level.level for level in world.levels(case)] == [1]


def test_a_refused_return_is_the_same_unit_and_the_same_clock(world: World) -> None:
    case = on_the_desk(world)
    epoch = world.case(case).epoch
    world.at("2026-09-28 09:00").bob.sends_back(case)
    assert world.carol.overrules(case) == "dispatched"
    row = world.case(case)
    assert (clock(row.due_at), row.epoch) == ("2026-09-30 18:00", epoch)
    assert [p.name for p in world.thread(case).parts if p.ended_at is None] == ["市城市管理局"]


def test_an_upheld_return_is_a_new_unit_with_a_fresh_clock_and_the_old_one_exempt(
    world: World,
) -> None:
    case = on_the_desk(world)
    world.at("2026-09-28 09:00").bob.sends_back(case)
    assert world.at("2026-09-29 09:00").carol.upholds(case, "住建局") == "dispatched"
    parts = world.thread(case).parts
    assert [(p.name, p.exempt, p.ended_at is None) for p in parts] == [
        ("市城市管理局", True, False),
        ("市住房和城乡建设局", False, True),
    ]
    assert world.due(case) == "2026-10-09 18:00"


def test_the_third_return_is_refused_because_the_second_ruling_was_final(world: World) -> None:
    case = on_the_desk(world)
    for _ in range(2):
        world.bob.sends_back(case)
        world.carol.overrules(case)
    assert "终审" in [r.words for r in world.thread(case).records if r.verb == "send_back"][1]
    with refusal("终审", "申请延期或挂账"):
        world.bob.sends_back(case)


def test_an_extension_adds_one_original_limit_and_counts_no_holiday(world: World) -> None:
    case = on_the_desk(world)
    world.bob.asks_for_more_time(case)
    assert world.due(case) == "2026-09-30 18:00"
    world.carol.grants(case)
    # Three working days more, the make-up Saturday 10-10 among them.
    assert world.due(case) == "2026-10-10 18:00"


def test_a_second_extension_is_granted_and_a_third_refused(world: World) -> None:
    case = on_the_desk(world)
    for _ in range(2):
        world.bob.asks_for_more_time(case)
        world.carol.grants(case)
    assert world.due(case) == "2026-10-14 18:00"
    with refusal("最多 2 次", "本案已用 2 次"):
        world.bob.asks_for_more_time(case)


def test_more_time_cannot_be_asked_for_once_overdue(world: World) -> None:
    case = on_the_desk(world)
    world.at("2026-09-30 18:00")
    with refusal("时限已到", "请先反馈整改情况"):
        world.bob.asks_for_more_time(case)
    with refusal("时限已到"):
        world.bob.asks_to_suspend(case, "2026-12-01 08:00")


def test_only_one_request_waits_at_a_time(world: World) -> None:
    case = on_the_desk(world)
    world.bob.asks_for_more_time(case)
    with refusal("已有待审的申请"):
        world.bob.asks_to_suspend(case, "2026-12-01 08:00")
    world.carol.turns_down(case)
    assert world.due(case) == "2026-09-30 18:00"
    with refusal("没有待审的申请"):
        world.carol.grants(case)


def test_a_suspension_over_the_holiday_gives_back_the_time_that_was_left(world: World) -> None:
    case = on_the_desk(world)
    world.at("2026-09-28 18:00").bob.asks_to_suspend(case, "2026-10-09 08:00")
    assert world.carol.grants(case) == "suspended"
    counts = world.at("2026-10-09 08:00").sweep()
    assert counts["resumed"] == 1
    # One of three days was used; 10-09 and the make-up Saturday 10-10 are the other two.
    assert (world.status(case), world.due(case)) == ("in_progress", "2026-10-10 18:00")


def test_a_case_taken_up_early_counts_only_the_days_it_rested(world: World) -> None:
    case = on_the_desk(world)
    world.at("2026-09-28 18:00").bob.asks_to_suspend(case, "2026-12-01 08:00")
    world.carol.grants(case)
    assert world.at("2026-09-30 08:00").carol.resumes(case) == "in_progress"
    assert world.due(case) == "2026-10-08 18:00"
    assert clock(world.rows(Pause)[0].ended_at) == "2026-09-30 08:00"


def test_while_suspended_nobody_is_reminded_and_nothing_escalates(world: World) -> None:
    case = on_the_desk(world)
    world.bob.asks_to_suspend(case, "2026-12-01 08:00")
    world.carol.grants(case)
    world.sweep()
    before = len(world.told())
    world.at("2026-11-30 18:00").sweep()
    assert (len(world.told()), world.levels(case)) == (before, [])


@pytest.mark.parametrize("until", [None, "2026-09-24 15:00", "2027-09-24 15:01"])
def test_a_suspension_needs_a_date_ahead_and_at_most_a_year(
    sqlite_world: World, until: str | None
) -> None:
    case = on_the_desk(sqlite_world)
    with refusal("恢复日期", "不超过 365 天"):
        sqlite_world.bob.asks_to_suspend(case, until)


def test_a_case_is_suspended_once(world: World) -> None:
    case = on_the_desk(world)
    world.bob.asks_to_suspend(case, "2026-09-28 08:00")
    world.carol.grants(case)
    world.at("2026-09-28 08:00").sweep()
    with refusal("最多 1 次"):
        world.bob.asks_to_suspend(case, "2026-12-01 08:00")


def test_an_extension_after_a_suspension_keeps_the_rest_that_was_granted(world: World) -> None:
    case = on_the_desk(world)
    world.at("2026-09-28 18:00").bob.asks_to_suspend(case, "2026-10-09 08:00")
    world.carol.grants(case)
    world.at("2026-10-09 08:00").sweep()
    world.bob.asks_for_more_time(case)
    world.carol.grants(case)
    assert world.due(case) == "2026-10-14 18:00"


def test_failing_verification_is_rework_under_its_own_limit_with_all_evidence_kept(
    world: World,
) -> None:
    case = handed_in(world)
    assert world.at("2026-09-29 10:00").carol.fails(case) == "rework"
    row = world.case(case)
    assert (row.reworks, row.limit_source.value, clock(row.due_at)) == (
        1,
        "rework",
        "2026-10-08 18:00",
    )
    world.bob.submits(case, "再次抽干")
    assert [e.text for e in world.rows(Evidence)] == ["已整改", "再次抽干"]


def test_a_merged_case_brings_its_reports_along(world: World) -> None:
    case = world.report("解放路12号", "路面积水")
    other = world.report("人民路5号", "垃圾未清运")
    assert world.carol.merges(other, case) == "merged"
    assert world.case(case).reports == 2
    world.at("2026-12-01 09:00").sweep()
    assert world.levels(other) == []
    with refusal("不能并入自身"):
        world.carol.merges(case, case)
    world.carol.cancels(case)
    third = world.report("人民路6号", "垃圾未清运")
    with refusal("已办结"):
        world.carol.merges(third, case)


def test_of_two_cases_merged_into_each_other_one_stays_open(world: World) -> None:
    one = world.report("解放路12号", "路面积水")
    two = world.report("人民路5号", "垃圾未清运")
    world.carol.merges(one, two)
    with refusal("已办结"):
        world.carol.merges(two, one)
    with refusal("不能并案"):
        world.carol.merges(one, two)
    assert world.status(two) == "dispatched"


def test_the_closing_goes_to_those_who_were_told_of_the_opening_and_to_nobody_else(
    world: World,
) -> None:
    case = on_the_desk(world)
    world.sweep()
    world.at("2026-10-08 18:00").sweep()
    told = {message.who for message in world.told()}
    assert told == {"bob", "leader", "head"}
    world.bob.submits(case)
    world.carol.passes(case)
    world.sweep()
    closing = [message.who for message in world.told() if "销号" in message.subject]
    assert sorted(closing) == ["bob", "head", "leader"]


def test_publishing_stops_the_publication_clock(world: World) -> None:
    case = handed_in(world)
    world.carol.passes(case)
    world.carol.publishes(case)
    world.at("2026-10-20 18:00").sweep()
    assert world.levels(case, stage="publish") == []


def test_a_closed_case_not_published_within_a_week_is_told_to_the_office(world: World) -> None:
    case = handed_in(world)
    world.carol.passes(case)
    world.at("2026-10-20 18:00").sweep()
    assert [level.told for level in world.levels(case, stage="publish")] == [("Carol",)]


def test_a_cancelled_case_is_followed_no_further(world: World) -> None:
    case = on_the_desk(world)
    with refusal("请写明理由"):
        world.carol.cancels(case, " ")
    assert world.carol.cancels(case) == "cancelled"
    world.at("2026-12-01 09:00").sweep()
    assert world.levels(case) == []


def test_a_remark_stands_in_the_record_under_its_author(world: World) -> None:
    case = on_the_desk(world)
    world.mallory.notes(case, "路过看见")
    record = world.thread(case).records[-1]
    assert (record.verb, record.actor, record.words) == ("note", "Mallory", "路过看见")


Wrong = Callable[[World, str], object]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda w, c: w.bob.signs(c),
        lambda w, c: w.carol.passes(c),
        lambda w, c: w.carol.fails(c),
        lambda w, c: w.carol.grants(c),
        lambda w, c: w.carol.upholds(c, "住建局"),
        lambda w, c: w.carol.overrules(c),
        lambda w, c: w.carol.resumes(c),
        lambda w, c: w.carol.publishes(c),
        lambda w, c: w.carol.dispatches(c, "住建局"),
        lambda w, c: w.bob.sends_back(c, " "),
        lambda w, c: w.bob.submits(c, " "),
        lambda w, c: w.bob.asks_for_more_time(c, " "),
        lambda w, c: w.carol.notes(c, " "),
        lambda w, c: w.carol.merges(c, c),
    ],
)
def test_a_refusal_says_why_in_both_languages_and_writes_nothing(
    sqlite_world: World, wrong: Wrong
) -> None:
    case = on_the_desk(sqlite_world)
    before = [sqlite_world.rows(model) for model in EVERYTHING]
    with pytest.raises(AssertionError) as caught:
        wrong(sqlite_world, case)
    assert caught.value.reason.zh  # type: ignore[attr-defined]
    assert caught.value.reason.en  # type: ignore[attr-defined]
    assert [sqlite_world.rows(model) for model in EVERYTHING] == before


def test_a_verb_out_of_place_is_told_where_the_case_stands_and_what_the_verb_needs(
    sqlite_world: World,
) -> None:
    case = on_the_desk(sqlite_world)
    with refusal("整改中", "待签收", "in progress"):
        sqlite_world.bob.signs(case)


def test_an_unknown_case_or_unit_is_named(sqlite_world: World) -> None:
    with pytest.raises(Trouble, match="2026-999999"):
        sqlite_world.bob.signs("2026-999999")
    case = sqlite_world.report("解放路12号", "路面积水", unit="火星局")
    before = [sqlite_world.rows(model) for model in EVERYTHING]
    with pytest.raises(Trouble, match="木星局"):
        sqlite_world.carol.dispatches(case, "城管局", "木星局")
    with pytest.raises(Trouble, match="未指定单位"):
        sqlite_world.carol.dispatches(case)
    assert [sqlite_world.rows(model) for model in EVERYTHING] == before


def test_of_two_supervisors_at_once_one_wins_and_the_other_is_refused(
    world: World, database: str
) -> None:
    case = handed_in(world)
    start = Barrier(2)

    def decide(passed: bool) -> Moved | Refused:
        mine = connect(database)
        start.wait()
        answer = desk.verify(mine, case, world.now, "Carol", passed=passed, reason="现场查看")
        mine.engine.dispose()
        return answer

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(decide, (True, False)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Moved", "Refused"]
    verbs = [record.verb for record in world.thread(case).records]
    assert sum(verb.startswith("verify") for verb in verbs) == 1
    assert world.proven()


def test_what_was_read_before_another_moved_the_case_is_refused_and_not_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = handed_in(world)
    before = [world.rows(model) for model in EVERYTHING]

    def too_late(*_: object) -> None:
        raise Overtaken

    monkeypatch.setattr(matter, "apply", too_late)
    with refusal("已被他人处理", "nothing was written"):
        world.carol.passes(case)
    assert [world.rows(model) for model in EVERYTHING] == before


def test_a_request_decided_a_moment_ago_is_not_decided_once_more(
    world: World,
) -> None:
    number = world.report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(number)
    at, ledger = world.now, world.ledger
    desk.ask(ledger, number, RequestKind.EXTENSION, "等材料", at, "Bob")
    desk.decide(ledger, number, at, "Carol", granted=True)
    before = len(world.thread(number).records)
    for granted in (True, False):
        answer = desk.decide(ledger, number, at, "Carol", granted=granted, reason="再议")
        assert isinstance(answer, Refused)
    assert len(world.thread(number).records) == before
