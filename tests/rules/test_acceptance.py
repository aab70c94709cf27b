"""What whoever hands in a paper may rely on: each line is taken, or told why not."""

from datetime import date, timedelta

import pytest

from models.finding import Draft
from models.words import Trouble, Words
from rules.acceptance import LONGEST_PLACE, LONGEST_PROBLEM, limit_named, refusal
from rules.agenda import Book
from rules.limits import Limit, LimitError, LimitUnit

TODAY = date(2026, 9, 24)
DAY = timedelta(days=1)


def line(problem: str = "灭火器过期", place: str = "市科技馆", on: date | None = None) -> Draft:
    return Draft("12", place=place, problem=problem, found_on=on)


def days(n: int) -> Limit:
    return Limit(n, LimitUnit.WORKING_DAY)


# -- what is taken ---------------------------------------------------------------------------


def test_a_line_that_states_a_problem_is_taken() -> None:
    assert refusal(line(), TODAY) is None
    assert refusal(line(place=""), TODAY) is None


def test_what_could_not_be_read_from_paper_is_told_in_the_words_of_the_reader() -> None:
    draft = Draft("12", problem="灭火器过期", trouble=("单元格是公式", "the cell is a formula"))
    assert refusal(draft, TODAY) == Words("单元格是公式", "the cell is a formula")


@pytest.mark.parametrize("problem", ["", "  ", "\n", "\u3000"])
def test_a_line_without_a_problem_is_refused(problem: str) -> None:
    assert refusal(line(problem), TODAY) == ("没有写明问题", "the row states no problem")


def test_a_problem_of_four_thousand_characters_is_taken_and_one_more_refused() -> None:
    assert refusal(line("堵" * LONGEST_PROBLEM), TODAY) is None
    assert refusal(line("堵" * (LONGEST_PROBLEM + 1)), TODAY) == (
        "问题描述有 4001 字，最多 4000 字。请精简后再交。",
        "the problem has 4001 characters, at most 4000 are taken. Shorten it and hand it in again.",
    )


def test_a_place_of_two_hundred_characters_is_taken_and_one_more_refused() -> None:
    assert refusal(line(place="路" * LONGEST_PLACE), TODAY) is None
    assert refusal(line(place="路" * (LONGEST_PLACE + 1)), TODAY) == (
        "点位有 201 字，最多 200 字。请精简后再交。",
        "the place has 201 characters, at most 200 are taken. Shorten it and hand it in again.",
    )


@pytest.mark.parametrize("found", [date(2000, 1, 1), TODAY - DAY, TODAY, TODAY + DAY])
def test_found_any_day_from_2000_until_now_is_taken_and_a_clock_a_day_ahead_forgiven(
    found: date,
) -> None:
    assert refusal(line(on=found), TODAY) is None


@pytest.mark.parametrize("found", [date(1999, 12, 31), TODAY + 2 * DAY, date(2062, 9, 24)])
def test_a_date_that_cannot_be_right_is_refused_with_the_dates_that_can(found: date) -> None:
    assert refusal(line(on=found), TODAY) == (
        f"发现日期 {found} 不在 2000-01-01 至今天（2026-09-24）之间。请核对年份。",
        f"the date {found} does not lie between 2000-01-01 and today (2026-09-24). Check the year.",
    )


# -- the limit a line names ------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  "])
def test_a_line_that_names_no_limit_leaves_it_to_the_category(book: Book, text: str) -> None:
    assert limit_named(text, TODAY, book) is None


def test_a_limit_is_read_as_the_policy_reads_it(book: Book) -> None:
    assert limit_named("3天", TODAY, book) == days(3)
    assert limit_named("7 自然日", TODAY, book) == Limit(7, LimitUnit.CALENDAR_DAY)


@pytest.mark.parametrize(
    ("until", "limit"),
    [
        ("2026-09-28", days(1)),  # Mid-Autumn lies between
        (" 2026-09-30 ", days(3)),
        ("2026-10-10", days(6)),  # National Day between; the make-up Saturday counts
        ("2026-09-24", Limit(1, LimitUnit.SAME_DAY)),
        ("2026-09-27", Limit(1, LimitUnit.SAME_DAY)),  # no working day left until then
    ],
)
def test_the_date_a_limit_ends_is_the_working_days_from_tomorrow_until_it(
    book: Book, until: str, limit: Limit
) -> None:
    assert limit_named(until, TODAY, book) == limit


def test_a_date_that_has_passed_is_refused_with_two_ways_out(book: Book) -> None:
    with pytest.raises(Trouble) as refused:
        limit_named("2026-09-23", TODAY, book)
    assert refused.value.words == (
        "整改截止日期 2026-09-23 已过。请写剩余时限（如“3 工作日”），或用 --at 按原交办日期导入。",
        "The deadline 2026-09-23 has passed. Give a limit (such as 3 working days), "
        "or import as of the day it was issued with --at.",
    )


def test_a_limit_nobody_can_read_is_refused(book: Book) -> None:
    with pytest.raises(LimitError):
        limit_named("尽快", TODAY, book)
