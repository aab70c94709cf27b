"""What a city may rely on about the life of a case: what can be done when, and what never."""

from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import Status
from models.columns import Labelled
from models.verb import Verb
from models.words import Words
from rules.lifecycle import (
    FINAL_STATUSES,
    MOVES,
    OPEN_STATUSES,
    TABLE,
    Moved,
    Refused,
    allowed,
    markdown,
    move,
    page,
)

S, V = Status, Verb
ROOT = Path(__file__).parents[2]


def after(verbs: list[Verb], start: Status = S.REPORTED) -> Status:
    """Where a case stands after these verbs, each of which must be allowed."""
    status = start
    for verb in verbs:
        answer = move(status, verb)
        assert isinstance(answer, Moved), f"{verb} from {status}: {answer}"
        status = answer.to
    return status


# -- the stories -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.SUBMIT, V.VERIFY_PASS, V.PUBLISH], S.CLOSED),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.SUBMIT, V.VERIFY_FAIL], S.REWORK),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.SUBMIT, V.VERIFY_PARTLY], S.REWORK),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.SUBMIT, V.WITHDRAW], S.IN_PROGRESS),
        ([V.FILE, V.HOLD, V.COORDINATE], S.DISPATCHED),
        ([V.FILE, V.HOLD, V.DISPATCH], S.DISPATCHED),
        ([V.FILE, V.DISPATCH, V.SEND_BACK, V.UPHOLD_RETURN], S.DISPATCHED),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.SEND_BACK, V.REFUSE_RETURN], S.DISPATCHED),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.REQUEST_SUSPENSION, V.SUSPEND], S.SUSPENDED),
        (
            [V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.REQUEST_SUSPENSION, V.SUSPEND, V.RESUME],
            S.IN_PROGRESS,
        ),
        ([V.FILE, V.DISPATCH, V.ACKNOWLEDGE, V.REQUEST_EXTENSION, V.EXTEND], S.IN_PROGRESS),
        ([V.FILE, V.DISPATCH, V.TRANSFER, V.ACKNOWLEDGE], S.IN_PROGRESS),
        ([V.REJECT], S.REJECTED),
        ([V.FIX_ON_SPOT], S.CLOSED),
        ([V.MERGE], S.MERGED),
    ],
)
def test_a_case_goes_the_way_the_table_says(story: list[Verb], end: Status) -> None:
    assert after(story) == end


def test_a_failed_verification_comes_back_and_can_be_handed_in_again() -> None:
    assert after([V.SUBMIT, V.VERIFY_FAIL, V.SUBMIT, V.VERIFY_PASS], S.IN_PROGRESS) == S.CLOSED


@pytest.mark.parametrize("verb", [V.LOOK_BACK_FAIL, V.REOPEN])
def test_a_closed_case_that_relapses_or_is_reopened_is_worked_on_again(verb: Verb) -> None:
    assert after([verb, V.SUBMIT], S.CLOSED) == S.SUBMITTED


@pytest.mark.parametrize("verb", [V.LOOK_BACK_PASS, V.REQUEST_APPEAL, V.UPHOLD_APPEAL, V.PUBLISH])
def test_looking_back_publishing_and_appeals_leave_a_closed_case_closed(verb: Verb) -> None:
    assert move(S.CLOSED, verb) == Moved(S.CLOSED)


@pytest.mark.parametrize("status", sorted(OPEN_STATUSES))
def test_any_open_case_can_be_merged_split_cancelled_and_noted(status: Status) -> None:
    assert move(status, V.MERGE) == Moved(S.MERGED)
    assert move(status, V.SPLIT) == Moved(S.SPLIT)
    assert move(status, V.CANCEL) == Moved(S.CANCELLED)
    assert move(status, V.NOTE) == Moved(status)


@pytest.mark.parametrize("status", sorted(OPEN_STATUSES))
def test_follow_up_reminds_and_escalates_without_moving_the_case(status: Status) -> None:
    assert move(status, V.REMIND) == Moved(status)
    assert move(status, V.ESCALATE) == Moved(status)


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        (S.FILED, V.SUBMIT),  # nobody answers for it yet
        (S.DISPATCHED, V.SUBMIT),  # not signed for
        (S.IN_PROGRESS, V.VERIFY_PASS),  # nothing handed in
        (S.IN_PROGRESS, V.DISPATCH),  # a unit has it
        (S.SUBMITTED, V.REQUEST_EXTENSION),  # the handling clock has stopped
        (S.SUBMITTED, V.SEND_BACK),
        (S.RETURNED, V.SUBMIT),  # the office has to rule first
        (S.SUSPENDED, V.SUBMIT),  # to be resumed first
        (S.REWORK, V.SEND_BACK),  # it was accepted once
        (S.CLOSED, V.CANCEL),  # what is closed stays in the ledger
        (S.CLOSED, V.SUBMIT),
        (S.REPORTED, V.DISPATCH),  # to be filed first
    ],
)
def test_what_comes_too_early_or_too_late_is_refused(status: Status, verb: Verb) -> None:
    assert isinstance(move(status, verb), Refused)


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
def test_a_case_that_ended_moves_no_more(status: Status) -> None:
    answers = [move(status, verb) for verb in allowed(status)]
    assert answers == [Moved(status)] * len(answers)
    assert set(allowed(status)) - {V.PROPOSE, V.MEASURE} == {V.NOTE, V.RECORD_COST}


def test_what_ends_a_case_is_known() -> None:
    assert {S.REJECTED, S.MERGED, S.SPLIT, S.CANCELLED} == FINAL_STATUSES
    assert OPEN_STATUSES.isdisjoint(FINAL_STATUSES | {S.CLOSED})
    assert OPEN_STATUSES | FINAL_STATUSES | {S.CLOSED} == set(Status)


def test_a_refusal_says_where_the_case_stands_and_what_the_verb_needs() -> None:
    answer = move(S.IN_PROGRESS, V.VERIFY_PASS)
    assert answer == Refused(
        Words(
            "案件现为“整改中”，不能核查通过并销号。核查通过并销号须在：待核查。",
            "The case is in progress; it cannot be done: verified and closed. "
            "That needs a case that is: submitted.",
        )
    )


def test_reporting_a_case_that_exists_is_refused_in_words() -> None:
    assert move(S.FILED, V.REPORT) == Refused(
        Words(
            "案件现为“待交办”，不能上报。上报须在：立案前。",
            "The case is filed; it cannot be done: report. "
            "That needs a case that is: not yet filed.",
        )
    )


@pytest.mark.parametrize("verb", sorted(set(Verb) - {V.REPORT}))
def test_a_refusal_names_every_status_that_the_verb_can_be_done_in(verb: Verb) -> None:
    sources = {source for source, known in MOVES if known is verb}
    for status in set(Status) - sources:
        answer = move(status, verb)
        assert isinstance(answer, Refused)
        zh = answer.reason.zh.partition("须在：")[2].removesuffix("。").split("、")
        en = answer.reason.en.partition("a case that is: ")[2].removesuffix(".").split(", ")
        assert sorted(zh) == sorted(source.words.zh for source in sources)
        assert sorted(en) == sorted(source.words.en for source in sources)


@given(st.sampled_from(Status), st.sampled_from(Verb))
def test_every_pair_is_answered_by_a_move_or_by_a_reason_in_both_languages(
    status: Status, verb: Verb
) -> None:
    answer = move(status, verb)
    if isinstance(answer, Moved):
        assert verb in allowed(status)
        return
    assert verb not in allowed(status)
    assert status.words.zh in answer.reason.zh
    assert status.words.en in answer.reason.en
    assert verb.words.zh in answer.reason.zh


# -- the table ---------------------------------------------------------------------------------


def test_no_pair_of_status_and_verb_stands_in_two_rows() -> None:
    pairs = [(source, row.verb) for row in TABLE for source in row.sources]
    assert len(pairs) == len(set(pairs)) == len(MOVES)


def test_every_verb_but_the_report_itself_stands_in_the_table() -> None:
    assert {row.verb for row in TABLE} == set(Verb) - {V.REPORT}


def test_every_status_can_be_reached_and_every_open_one_can_still_be_closed() -> None:
    reached = {S.REPORTED}
    while more := {to for (source, _), to in MOVES.items() if source in reached} - reached:
        reached |= more
    assert reached == set(Status)

    closing = {S.CLOSED}
    while more := {source for (source, _), to in MOVES.items() if to in closing} - closing:
        closing |= more
    assert closing >= OPEN_STATUSES


# -- the documentation -------------------------------------------------------------------------


def test_the_documentation_is_printed_from_the_table() -> None:
    written = (ROOT / "docs/lifecycle.md").read_text("utf-8")
    assert markdown() in written
    assert written == page(), "run: make docs"


def test_the_printed_table_has_every_row_with_its_chinese_and_english() -> None:
    lines = [line for line in markdown().splitlines() if line.startswith("| ")]
    for row, line in zip(TABLE, lines[1:], strict=True):
        assert f"`{row.verb.value}`" in line
        names = chain.from_iterable((s.words.zh, s.words.en) for s in row.sources)
        assert all(name in line for name in names)


def test_the_diagram_draws_only_moves_of_the_table() -> None:
    arrows = [line.split(": ", 1) for line in markdown().splitlines() if " --> " in line]
    drawn = [(*arrow.strip().split(" --> "), label) for arrow, label in arrows[1:]]
    verbs = {verb.words.en: verb for verb in Verb}
    assert drawn
    for source, to, label in drawn:
        assert MOVES[Status[source], verbs[label]] is Status[to]


def test_every_kind_of_word_the_models_use_is_in_the_glossary() -> None:
    for file in (ROOT / "models").glob("*.py"):
        import_module(f"models.{file.stem}")
    glossary = (ROOT / "docs/glossary.md").read_text("utf-8")
    kinds = {
        kind.__name__ for kind in Labelled.__subclasses__() if kind.__module__.startswith("models.")
    }
    assert {name for name in kinds if f"`{name}`" not in glossary} == set()
