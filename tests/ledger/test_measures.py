"""Cards, proposals and measures: what counts against a unit, what is proposed, who decides."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import desk, measures, sweeps
from ledger.changes import table
from ledger.database import Ledger, connect
from models.case import Counter
from models.measure import Measure, MeasureKind, Proposal, ProposalState
from models.notice import Notice, NoticeKind
from models.person import Duty, Person
from models.record import Record
from models.words import Trouble
from rules.lifecycle import Moved, Refused
from tests.world import World, instant

CSGL, ZJJ = "市城市管理局", "市住房和城乡建设局"
REPORTED, YELLOW, RED = "2026-10-12 10:00", "2026-10-15 18:00", "2026-10-20 18:00"
LEVEL_4, LEVEL_5 = "2026-10-22 18:00", "2026-10-29 18:00"
ON = date(2026, 10, 21)


def late(world: World, *places: str, at: str = REPORTED, unit: str = "城管局") -> list[str]:
    """Cases of three working days; handed out on Monday morning they are due on Thursday."""
    world.at(at)
    return [
        world.report(f"解放路{place}号", "路面积水", unit=unit, limit="3天") for place in places
    ]


def look(world: World, *instants: str) -> int:
    """Follow up at each instant, and propose; how many proposals were made at the last."""
    made = 0
    for at in instants:
        world.at(at)
        sweeps.follow_up(world.ledger, world.now)
        made = measures.propose(world.ledger, world.now)
    return made


def proposed(world: World) -> list[tuple[str, str]]:
    """The rule of each proposal, and the case that completed it."""
    return [(row.rule, row.case) for row in measures.proposals(world.ledger)]


def in_a_row(world: World, unit: str = CSGL) -> int:
    found = [row.in_a_row for row in measures.cards(world.ledger) if row.unit == unit]
    return found[0] if found else 0


def three_reds(world: World) -> int:
    """The proposal that three red cards have made."""
    late(world, "1", "2", "3")
    assert look(world, YELLOW, RED) == 1
    return measures.proposals(world.ledger)[0].id


def held(world: World, **more: Any) -> Moved | Refused:
    """An interview held on Wednesday and recorded on Thursday."""
    said = {"kind": MeasureKind.INTERVIEW, "document": "澄创督约〔2026〕3号", "held_on": ON,
            "reason": "连续三次红牌", "actor": "Carol"}  # fmt: skip
    world.at("2026-10-22 09:00")
    return measures.record_measure(world.ledger, **{**said, "at": world.now, **more})


def reason(answer: Moved | Refused) -> str:
    assert isinstance(answer, Refused)
    assert answer.reason.en
    return answer.reason.zh


# -- proposing ---------------------------------------------------------------------------------


def test_three_red_cards_are_proposed_once_with_a_record_and_a_notice_to_the_office(
    world: World,
) -> None:
    numbers = late(world, "1", "2", "3")
    assert look(world, YELLOW, RED) == 1
    assert look(world, RED, "2026-10-20 18:01") == 0
    [row] = measures.proposals(world.ledger)
    assert (row.unit, row.case, row.rule) == (CSGL, numbers[2], "reds_in_a_row")
    assert (row.kind, row.state) == (MeasureKind.INTERVIEW, ProposalState.OPEN)
    assert [number in row.reason for number in numbers] == [True] * 3
    record = world.thread(numbers[2]).records[-1]
    assert (record.verb, record.actor) == ("propose", "督办引擎")
    assert record.words == f"建议约谈{CSGL}：{row.reason}请Carol决定。"
    [notice] = world.rows(Notice, table(Notice).c.kind == NoticeKind.PROPOSED)
    assert world.rows(Person, table(Person).c.id == notice.person_id)[0].name == "Carol"
    assert CSGL in notice.facts["reason"]
    assert world.proven()


def test_after_a_proposal_the_count_starts_afresh(world: World) -> None:
    three_reds(world)
    late(world, "4", "5", at="2026-10-19 10:00")
    assert look(world, "2026-10-22 18:00", "2026-10-27 18:00") == 0
    late(world, "6", at="2026-10-20 10:00")
    assert look(world, "2026-10-23 18:00", "2026-10-28 18:00") == 1
    rules = [rule for rule, _ in proposed(world) if rule == "reds_in_a_row"]
    assert len(rules) == 2


def test_where_nobody_has_the_office_the_proposal_stands_and_the_record_says_so(
    sqlite_world: World,
) -> None:
    with sqlite_world.ledger.transaction() as connection:
        connection.execute(sa.delete(table(Duty)).where(table(Duty).c.duty == "office"))
    three_reds(sqlite_world)
    [record] = sqlite_world.rows(Record, table(Record).c.verb == "propose")
    assert "督办员无人在岗" in record.words
    assert sqlite_world.rows(Notice, table(Notice).c.kind == NoticeKind.PROPOSED) == []


@contextmanager
def counted(ledger: Ledger) -> Iterator[list[str]]:
    """The statements that are sent to the database inside."""
    sent: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    sa.event.listen(ledger.engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(ledger.engine, "before_cursor_execute", note)


def test_where_no_level_is_new_nothing_more_is_asked_and_nothing_is_held(world: World) -> None:
    three_reds(world)
    with counted(world.ledger) as sent:
        assert measures.propose(world.ledger, instant("2026-10-20 18:05")) == 0
    asked = [statement for statement in sent if not statement.startswith("BEGIN")]
    assert [statement.split()[0] for statement in asked] == ["SELECT", "SELECT"]


def test_levels_of_a_sweep_that_died_before_proposing_are_found_by_the_next(world: World) -> None:
    late(world, "1", "2", "3")
    look(world, YELLOW)
    sweeps.follow_up(world.ledger, instant(RED))
    assert measures.propose(world.ledger, instant("2026-10-20 18:01")) == 1


def test_a_sweep_finds_its_own_levels_though_a_faster_one_has_looked_beyond(world: World) -> None:
    late(world, "1", "2", "3")
    look(world, YELLOW)
    sweeps.follow_up(world.ledger, instant(RED))
    with world.ledger.transaction() as connection:
        rows = table(Counter)
        connection.execute(sa.update(rows).where(rows.c.name == "proposals").values(value=9999))
    assert measures.propose(world.ledger, instant("2026-10-20 18:01")) == 0
    assert measures.propose(world.ledger, instant(RED)) == 1


def test_two_sweeps_at_once_propose_once(world: World, database: str) -> None:
    late(world, "1", "2", "3")
    look(world, YELLOW)
    sweeps.follow_up(world.ledger, instant(RED))
    start, ledgers = Barrier(4), [connect(database) for _ in range(4)]

    def propose(ledger: Ledger) -> int:
        start.wait()
        return measures.propose(ledger, instant(RED))

    with ThreadPoolExecutor(4) as hands:
        made = sorted(hands.map(propose, ledgers))
    for ledger in ledgers:
        ledger.engine.dispose()
    assert made == [0, 0, 0, 1]
    assert len(world.rows(Proposal)) == 1
    assert world.proven()


# -- what counts -------------------------------------------------------------------------------


def test_one_case_shown_red_twice_is_one_case(world: World) -> None:
    first, _ = late(world, "1", "2")
    look(world, YELLOW, RED)
    world.bob.signs(first)
    world.bob.submits(first)
    world.at("2026-10-21 09:00").alice.fails(first)
    assert look(world, "2026-10-23 18:00", "2026-10-28 18:00") == 0
    assert [row.red for row in measures.cards(world.ledger)] == [3]
    assert in_a_row(world) == 2


def test_a_level_passed_over_after_an_outage_shows_no_card(world: World) -> None:
    late(world, "1", "2", "3")
    assert look(world, "2026-10-21 10:00") == 1
    late(world, "4", "5", "6", at="2026-11-02 10:00")
    # Back when level 4 is due: the red card of level 3 was never shown.
    look(world, "2026-11-12 18:00")
    assert [rule for rule, _ in proposed(world)].count("reds_in_a_row") == 1
    assert [row.red for row in measures.cards(world.ledger)] == [3]


@pytest.mark.parametrize(
    "how", ["the return is upheld", "the transfer is exempt", "the appeal is upheld"]
)
def test_time_that_is_exempt_does_not_count(world: World, how: str) -> None:
    one, _, _ = late(world, "1", "2", "3")
    look(world, YELLOW)
    if how == "the return is upheld":
        world.at("2026-10-20 10:00").bob.sends_back(one)
    sweeps.follow_up(world.ledger, world.at(RED).now)
    if how == "the return is upheld":
        world.carol.upholds(one, "住建局")
    elif how == "the transfer is exempt":
        world.carol.transfers(one, "住建局", exempt=True)
    else:
        world.bob.signs(one)
        world.bob.submits(one)
        world.carol.passes(one)
        world.bob.appeals(one)
        world.carol.grants(one)
        desk.decide(world.ledger, one, world.now, "市创城办负责人", granted=True)
    assert measures.propose(world.ledger, world.now) == 0
    [row] = measures.cards(world.ledger)
    assert (row.red, row.in_a_row) == (2, 2)


def test_a_transfer_that_is_not_exempt_leaves_the_card_with_the_unit_that_had_it(
    world: World,
) -> None:
    one, _, _ = late(world, "1", "2", "3")
    look(world, YELLOW)
    sweeps.follow_up(world.ledger, world.at(RED).now)
    world.carol.transfers(one, "住建局")
    assert measures.propose(world.ledger, world.now) == 1
    assert [row.unit for row in measures.cards(world.ledger)] == [CSGL]


def test_a_submission_on_time_breaks_the_row_until_it_fails_on_site(world: World) -> None:
    late(world, "1", "2")
    good, _ = late(world, "7", "3", at="2026-10-19 10:00")
    look(world, YELLOW, RED)
    world.at("2026-10-21 10:00").bob.signs(good)
    world.bob.submits(good)
    assert in_a_row(world) == 0
    world.at("2026-10-21 15:00").alice.fails(good)
    assert in_a_row(world) == 2
    assert look(world, LEVEL_4, "2026-10-23 18:00", "2026-10-27 18:00") == 1


def test_a_rework_handed_in_late_puts_nothing_right_on_time(world: World) -> None:
    good, _ = late(world, "7", "1")
    world.bob.signs(good)
    world.at("2026-10-13 10:00").bob.submits(good)
    world.at("2026-10-13 11:00").alice.fails(good)
    look(world, "2026-10-15 18:00", "2026-10-16 18:00", RED)
    world.at("2026-10-21 09:00").bob.submits(good)
    assert world.case(good).late is False
    assert in_a_row(world) == 2


def test_what_another_unit_puts_right_breaks_no_row(world: World) -> None:
    late(world, "1", "2")
    [good] = late(world, "7", at="2026-10-20 10:00", unit="住建局")
    look(world, YELLOW, RED)
    world.at("2026-10-21 10:00").carol.signs(good)
    world.carol.submits(good)
    assert in_a_row(world) == 2


def test_a_case_far_overdue_counts_once_however_high_it_climbs(world: World) -> None:
    late(world, "1", "2", "3")
    assert look(world, YELLOW, RED, LEVEL_4) == 1
    assert look(world, LEVEL_5) == 0
    assert [rule for rule, _ in proposed(world)] == ["reds_in_a_row", "late_times"]
    assert "30 自然日内 3 个案件升至 4 级以上" in measures.proposals(world.ledger)[1].reason


def test_cases_far_overdue_further_apart_than_the_policy_says_are_not_too_many(
    world: World,
) -> None:
    for month, day, due, level_4 in (("10", "12", "15", "22"), ("11", "16", "19", "26")):
        late(world, f"{month}1", f"{month}2", at=f"2026-{month}-{day} 10:00")
        look(world, f"2026-{month}-{due} 18:00", f"2026-{month}-{level_4} 18:00")
    assert [rule for rule, _ in proposed(world)] == []


def test_the_clocks_of_the_office_are_not_held_against_the_unit(world: World) -> None:
    numbers = late(world, "1", "2", "3")
    with world.ledger.transaction() as connection:
        text = sa.text("UPDATE policy_version SET text = replace(text, :old, :new)")
        old = "- {level: 1, title: 超时未核查, tell: [office]}"
        new = "- {level: 1, title: 超时未核查, tell: [office], card: red}"
        connection.execute(text, {"old": old, "new": new})
    for number in numbers:
        world.bob.signs(number)
        world.bob.submits(number)
    assert look(world, "2026-10-14 18:00") == 0
    assert {level.level for n in numbers for level in world.levels(n, stage="verify")} == {1}
    assert measures.cards(world.ledger) == []


# -- deciding ----------------------------------------------------------------------------------


def test_an_interview_held_on_a_proposal_closes_it_and_names_what_was_done(world: World) -> None:
    proposal = three_reds(world)
    assert isinstance(held(world, proposal=proposal, person="城管局负责人"), Moved)
    [row] = measures.proposals(world.ledger)
    assert (row.state, row.actor) == (ProposalState.RECORDED, "Carol")
    assert row.document == "澄创督约〔2026〕3号"
    [measure] = world.rows(Measure)
    assert (measure.proposal_id, measure.held_on, measure.person) == (proposal, ON, "城管局负责人")
    record = world.thread(row.case).records[-1]
    assert (record.verb, record.words) == (
        "measure",
        f"2026-10-21 约谈{CSGL}（城管局负责人），文号 澄创督约〔2026〕3号。理由：连续三次红牌。",
    )
    assert world.proven()


def test_a_measure_may_be_recorded_for_a_case_that_nothing_was_proposed_for(world: World) -> None:
    [case] = late(world, "1")
    answer = held(world, number=case, kind=MeasureKind.ADMONITION, document="纪〔2026〕8号")
    assert isinstance(answer, Moved)
    [row] = world.rows(Measure)
    assert (row.kind, row.proposal_id) == (MeasureKind.ADMONITION, None)
    assert "诫勉谈话市城市管理局，文号 纪〔2026〕8号" in world.thread(case).records[-1].words


def test_of_a_closed_case_the_unit_that_led_last_answers(world: World) -> None:
    [case] = late(world, "1")
    world.carol.transfers(case, "住建局")
    world.carol.signs(case)
    world.carol.submits(case)
    world.alice.passes(case)
    held(world, number=case)
    assert ZJJ in world.thread(case).records[-1].words


def test_a_document_number_is_used_once_and_the_first_use_is_named(world: World) -> None:
    proposal = three_reds(world)
    [other] = late(world, "9", unit="住建局")
    held(world, proposal=proposal)
    said = reason(held(world, number=other, document=" 澄创督约〔2026〕3号 "))
    first = measures.proposals(world.ledger)[0].case
    for part in ("澄创督约〔2026〕3号 已登记", "2026-10-21 约谈", CSGL, first):
        assert part in said
    assert len(world.rows(Measure)) == 1


def test_of_two_desks_that_use_one_document_number_at_once_one_is_refused(
    world: World, database: str
) -> None:
    numbers = late(world, "1", "2", "3", "4")
    world.at("2026-10-22 09:00")
    start, ledgers = Barrier(4), [connect(database) for _ in numbers]

    def record(ledger: Ledger, number: str) -> Moved | Refused:
        start.wait()
        return measures.record_measure(
            ledger, kind=MeasureKind.INTERVIEW, document="澄创督约〔2026〕3号", held_on=ON,
            reason="久拖不决", at=world.now, actor="Carol", number=number,
        )  # fmt: skip

    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(record, ledgers, numbers))
    for ledger in ledgers:
        ledger.engine.dispose()
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 3
    assert {"已登记" in answer.reason.zh for answer in refused} == {True}
    assert len(world.rows(Measure)) == 1
    assert world.proven()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"document": "  "}, "请写明文号"),
        ({"document": "长" * 121}, "请写明文号"),
        ({"reason": " "}, "请写明理由"),
        ({"person": "某" * 61}, "60 字"),
        ({"held_on": date(2026, 10, 23)}, "2026-10-23 还没有到"),
    ],
)
def test_what_is_not_a_measure_yet_is_refused_and_nothing_is_written(
    world: World, more: dict[str, Any], said: str
) -> None:
    proposal = three_reds(world)
    before = world.rows(Record)
    assert said in reason(held(world, proposal=proposal, **more))
    assert (world.rows(Record), world.rows(Measure)) == (before, [])
    assert measures.proposals(world.ledger)[0].state is ProposalState.OPEN


def test_a_case_that_was_never_dispatched_has_no_unit_to_answer(sqlite_world: World) -> None:
    case = sqlite_world.at(REPORTED).report("解放路1号", "路面积水", unit="")
    sqlite_world.carol.cancels(case)
    assert "从未交办" in reason(held(sqlite_world, number=case))


def test_neither_or_both_or_what_is_not_there_is_said(sqlite_world: World) -> None:
    for more in ({}, {"proposal": 1, "number": "2026-000001"}):
        with pytest.raises(Trouble, match="二者择一"):
            held(sqlite_world, **more)
    with pytest.raises(Trouble, match="没有编号为 7 的处置建议"):
        held(sqlite_world, proposal=7)
    with pytest.raises(Trouble, match="没有编号为 2026-9 的案件"):
        held(sqlite_world, number="2026-9")


def test_a_proposal_is_dismissed_with_a_reason_and_only_once(world: World) -> None:
    proposal = three_reds(world)
    assert "请写明理由" in reason(measures.dismiss(world.ledger, proposal, " ", world.now, "Carol"))
    moved = measures.dismiss(world.ledger, proposal, "已另行部署", world.now, "Carol")
    assert isinstance(moved, Moved)
    [row] = measures.proposals(world.ledger, ProposalState.DISMISSED)
    assert (row.actor, row.decided_at, row.document) == ("Carol", world.now, "")
    record = world.thread(row.case).records[-1]
    assert (record.verb, record.words) == (
        "note",
        f"不采纳处置建议：约谈{CSGL}（连续红牌）。理由：已另行部署。",
    )
    for again in (
        measures.dismiss(world.ledger, proposal, "再议", world.now, "Alice"),
        held(world, proposal=proposal),
    ):
        assert "已由Carol办结：不采纳" in reason(again)
    assert world.rows(Measure) == []


# -- looking -----------------------------------------------------------------------------------


def test_cards_are_counted_by_unit_within_a_time_with_what_came_of_them(world: World) -> None:
    proposal = three_reds(world)
    late(world, "8", unit="住建局")
    look(world, YELLOW)
    held(world, proposal=proposal)
    rows = measures.cards(world.ledger)
    assert [(r.unit, r.yellow, r.red, r.in_a_row, r.proposals, r.measures) for r in rows] == [
        (CSGL, 3, 3, 0, 0, 1),
        (ZJJ, 1, 0, 0, 0, 0),
    ]
    [row] = measures.cards(world.ledger, instant(RED), instant("2026-10-22 09:00"))
    assert (row.unit, row.yellow, row.red, row.measures) == (CSGL, 0, 3, 0)
    [row] = measures.cards(world.ledger, instant("2026-10-22 09:00"))
    assert (row.unit, row.red, row.measures) == (CSGL, 0, 1)


def test_an_open_proposal_shows_with_its_unit_and_the_state_filters(world: World) -> None:
    proposal = three_reds(world)
    assert [row.proposals for row in measures.cards(world.ledger)] == [1]
    assert [row.id for row in measures.proposals(world.ledger, ProposalState.OPEN)] == [proposal]
    assert measures.proposals(world.ledger, ProposalState.RECORDED) == []
