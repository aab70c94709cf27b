"""When an interview is proposed: red cards in a row, and cases far overdue too often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.measure import MeasureKind
from rules.agenda import Book
from rules.policy import Policy
from rules.proposals import (
    History,
    Kept,
    Mark,
    Proposed,
    Rule,
    often_late,
    proposed,
    reds_in_a_row,
)

ZONE = ZoneInfo("Asia/Shanghai")
OURS, OTHERS = 1, 2
MONDAY = datetime(2026, 10, 12, 10, tzinfo=UTC)


def day(number: float) -> datetime:
    return MONDAY + timedelta(days=number)


def mark(number: float, case: str, row: int = 0, unit: int = OURS) -> Mark:
    return Mark(day(number), row or int(number * 10) + 1, unit, case)


def marks(cases: str) -> list[Mark]:
    """One mark a day: "ABC" is the cases A, B and C on three days."""
    return [mark(number, case) for number, case in enumerate(cases)]


def said(rows: Sequence[Sequence[Mark]]) -> list[str]:
    return ["".join(mark.case for mark in row) for row in rows]


# -- red cards in a row ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reds", "kept", "rows"),
    [
        ("AB", [], []),
        ("ABC", [], ["ABC"]),
        ("ABCDE", [], ["ABC"]),
        ("ABCDEF", [], ["ABC", "DEF"]),
        ("AAA", [], []),
        ("ABABC", [], ["ABC"]),
        ("ABC", [0.5], []),
        ("ABC", [1.5], []),
        ("ABC", [0], ["ABC"]),
        ("ABC", [2], ["ABC"]),
        ("ABC", [1], []),
        ("ABC", [-1, 3], ["ABC"]),
        ("ABCD", [0.5], ["BCD"]),
        ("ABCD", [1], ["BCD"]),
        ("ABCDE", [0.5, 1.5], ["CDE"]),
        ("ABAC", [0.5], ["BAC"]),
    ],
)
def test_three_cases_make_a_row_if_nothing_was_kept_between_the_first_and_the_last(
    reds: str, kept: list[float], rows: list[str]
) -> None:
    assert said(reds_in_a_row(marks(reds), [day(k) for k in kept], 3)) == rows


def test_a_policy_may_ask_for_another_number() -> None:
    assert said(reds_in_a_row(marks("ABCD"), [], 1)) == ["A", "B", "C", "D"]
    assert said(reds_in_a_row(marks("ABCD"), [], 2)) == ["AB", "CD"]
    assert said(reds_in_a_row(marks("ABCD"), [], 5)) == []


# -- far overdue too often ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "rows"),
    [
        ([("A", 0), ("B", 15), ("C", 30)], ["ABC"]),
        ([("A", 0), ("B", 15), ("C", 30.001)], []),
        ([("A", 0), ("B", 15), ("C", 31), ("D", 32)], ["BCD"]),
        ([("A", 0), ("A", 1), ("B", 2)], []),
        ([("A", 0), ("B", 20), ("A", 25), ("C", 40)], ["BAC"]),
        ([("A", 0), ("B", 1), ("C", 2), ("D", 3), ("E", 4)], ["ABC"]),
    ],
)
def test_three_cases_far_overdue_within_thirty_days_are_too_many(
    days: list[tuple[str, float]], rows: list[str]
) -> None:
    levels = [mark(number, case, row) for row, (case, number) in enumerate(days, 1)]
    assert said(often_late(levels, 3, timedelta(days=30))) == rows


# -- what is proposed --------------------------------------------------------------------------


def test_a_row_of_red_cards_proposes_an_interview_and_names_cases_and_dates(book: Book) -> None:
    [made] = proposed(History(reds=marks("ABC")), book.policy, ZONE)
    assert (made.kind, made.rule) == (MeasureKind.INTERVIEW, Rule.REDS_IN_A_ROW)
    assert made.cause == mark(2, "C")
    assert (made.rule.value, made.rule.words.zh) == ("reds_in_a_row", "连续红牌")
    dates = "A（2026-10-12）、B（2026-10-13）、C（2026-10-14）"
    assert made.reason.zh == f"连续 3 次红牌，其间没有一件按期整改：{dates}。"
    assert made.reason.en == (
        "3 red cards in a row with nothing put right on time between them: "
        "A (2026-10-12), B (2026-10-13), C (2026-10-14)."
    )


def test_too_many_cases_far_overdue_propose_one_and_name_level_and_time(book: Book) -> None:
    [made] = proposed(History(levels=marks("ABC")), book.policy, ZONE)
    assert (made.kind, made.rule) == (MeasureKind.INTERVIEW, Rule.LATE_TIMES)
    assert made.cause == mark(2, "C")
    assert (made.rule.value, made.rule.words.zh) == ("late_times", "多次严重逾期")
    assert made.reason.zh.startswith("30 自然日内 3 个案件升至 4 级以上（含）：A（2026-10-12）")
    assert made.reason.en.startswith("3 cases at level 4 or above within 30 calendar days: A (2026")


def test_dates_are_those_of_the_city(book: Book) -> None:
    late = [Mark(datetime(2026, 10, 12, 16, tzinfo=UTC), n, OURS, c) for n, c in enumerate("ABC")]
    made = proposed(History(reds=late, levels=late), book.policy, ZONE)
    assert ["C（2026-10-13）" in one.reason.zh for one in made] == [True, True]


def test_each_unit_answers_for_its_own(book: Book) -> None:
    theirs = mark(1, "B", unit=OTHERS)
    mixed = [mark(0, "A"), theirs, mark(2, "C"), mark(3, "D")]
    [made] = proposed(History(reds=mixed), book.policy, ZONE)
    assert (made.cause.unit, made.cause.case) == (OURS, "D")
    # What another unit put right breaks no row of ours.
    kept = [Kept(OTHERS, day(2.5))]
    assert len(proposed(History(reds=mixed, kept=kept), book.policy, ZONE)) == 1


def test_the_two_rules_speak_apart_and_what_is_kept_does_not_excuse_lateness(book: Book) -> None:
    both = History(marks("ABC"), marks("ABC"), [Kept(OURS, day(0.5))])
    assert [made.rule for made in proposed(both, book.policy, ZONE)] == [Rule.LATE_TIMES]


def test_a_policys_own_numbers_count(book: Book) -> None:
    when = book.policy.proposals.model_copy(update={"reds_in_a_row": 2, "late_times": 1})
    policy = book.policy.model_copy(update={"proposals": when})
    found = proposed(History(marks("AB"), marks("C")), policy, ZONE)
    assert [(made.rule, made.cause.case) for made in found] == [
        (Rule.REDS_IN_A_ROW, "B"),
        (Rule.LATE_TIMES, "C"),
    ]


# -- laws --------------------------------------------------------------------------------------

HOURS = st.integers(0, 24 * 50)
CASES = st.sampled_from("ABCDEF")


@st.composite
def histories(draw: st.DrawFn, unit: int = OURS) -> History:
    """Cards, levels and what was kept, of one unit within fifty days."""
    rows = count(unit * 1000)

    def some() -> list[Mark]:
        found = draw(st.lists(st.tuples(HOURS, CASES), max_size=12))
        return [Mark(day(h / 24), next(rows), unit, f"{unit}{case}") for h, case in found]

    kept = [Kept(unit, day(h / 24)) for h in draw(st.lists(HOURS, max_size=4))]
    return History(some(), some(), kept)


def ours(made: Sequence[Proposed]) -> list[Proposed]:
    return [one for one in made if one.cause.unit == OURS]


@given(data=st.data(), mine=histories(), theirs=histories(unit=OTHERS))
def test_what_happens_at_other_units_and_in_which_order_it_is_told_does_not_matter(
    book: Book, data: st.DataObject, mine: History, theirs: History
) -> None:
    mixed = History(
        data.draw(st.permutations([*mine.reds, *theirs.reds])),
        data.draw(st.permutations([*mine.levels, *theirs.levels])),
        data.draw(st.permutations([*mine.kept, *theirs.kept])),
    )
    alone = proposed(mine, book.policy, ZONE)
    assert ours(proposed(mixed, book.policy, ZONE)) == alone


@given(history=histories())
def test_no_row_has_anything_kept_within_it_nor_a_case_twice(history: History) -> None:
    kept = [one.at for one in history.kept]
    for row in reds_in_a_row(history.reds, kept, 3):
        assert len({red.case for red in row}) == len(row) == 3
        assert not [at for at in kept if row[0].at < at < row[-1].at]


@given(history=histories(), share=st.floats(0.01, 0.99))
def test_one_case_kept_in_between_breaks_a_row(history: History, share: float) -> None:
    for row in reds_in_a_row(history.reds, [], 3)[:1]:
        between = row[0].at + share * (row[-1].at - row[0].at)
        if row[0].at < between < row[-1].at:
            again = reds_in_a_row(history.reds, [between], 3)
            assert row not in again


@given(history=histories())
def test_no_cause_completes_a_rule_twice(book: Book, history: History) -> None:
    found = proposed(history, book.policy, ZONE)
    assert len({(made.rule, made.cause) for made in found}) == len(found)


@given(history=histories())
def test_looking_after_every_card_proposes_what_one_look_at_the_end_does(
    book: Book, history: History
) -> None:
    """Each look is given what is later than the last cause; nothing is proposed twice or lost."""
    seen: list[Proposed] = []
    last: dict[Rule, Mark] = {}
    for now in sorted([*history.reds, *history.levels]):
        reds, levels = (
            [m for m in told if m <= now and (rule not in last or m > last[rule])]
            for told, rule in (
                (history.reds, Rule.REDS_IN_A_ROW),
                (history.levels, Rule.LATE_TIMES),
            )
        )
        for made in proposed(History(reds, levels, history.kept), book.policy, ZONE):
            last[made.rule] = made.cause
            seen.append(made)
    at_once = proposed(history, book.policy, ZONE)
    assert sorted(seen, key=_order) == sorted(at_once, key=_order)


def _order(made: Proposed) -> tuple[str, Mark]:
    return made.rule.value, made.cause


@given(history=histories())
def test_late_cases_of_a_row_lie_within_the_time(policy: Policy, history: History) -> None:
    within = policy.window(policy.proposals.late_within)
    for row in often_late(history.levels, 3, within):
        assert row[-1].at - row[0].at <= within
        assert len({level.case for level in row}) == 3


@pytest.fixture(scope="module")
def policy(book: Book) -> Policy:
    """The campaign's."""
    return book.policy
