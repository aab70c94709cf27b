"""受理条件: what a line of paper must say to be taken in, and the limit it names."""

from datetime import date, timedelta

from models.finding import Draft
from models.words import Trouble, Words
from rules.agenda import Book
from rules.limits import Limit, LimitUnit

EARLIEST = date(2000, 1, 1)
LONGEST_PLACE = 200
LONGEST_PROBLEM = 4000


def refusal(draft: Draft, today: date) -> Words | None:
    """Why the line cannot be taken, or None when it can. Characters are counted as written."""
    if draft.trouble:
        return Words(*draft.trouble)
    if not draft.problem.strip():
        return Words("没有写明问题", "the row states no problem")
    if len(draft.problem) > LONGEST_PROBLEM:
        return Words(
            f"问题描述有 {len(draft.problem)} 字，最多 {LONGEST_PROBLEM} 字。请精简后再交。",
            f"the problem has {len(draft.problem)} characters, at most {LONGEST_PROBLEM} are "
            "taken. Shorten it and hand it in again.",
        )
    if len(draft.place) > LONGEST_PLACE:
        return Words(
            f"点位有 {len(draft.place)} 字，最多 {LONGEST_PLACE} 字。请精简后再交。",
            f"the place has {len(draft.place)} characters, at most {LONGEST_PLACE} are taken. "
            "Shorten it and hand it in again.",
        )
    return _date_refusal(draft.found_on, today)


def _date_refusal(found: date | None, today: date) -> Words | None:
    if found is None or EARLIEST <= found <= today + timedelta(days=1):
        return None
    return Words(
        f"发现日期 {found} 不在 {EARLIEST} 至今天（{today}）之间。请核对年份。",
        f"the date {found} does not lie between {EARLIEST} and today ({today}). Check the year.",
    )


def limit_named(text: str, today: date, book: Book) -> Limit | None:
    """The limit a line names: a text as in a ledger, or the date it ends (整改截止日期).

    A date becomes the working days from tomorrow until it. Raises Trouble when the text cannot
    be read or the date has passed.
    """
    if not text.strip():
        return None
    until = _iso_date(text)
    return book.limit(text) if until is None else _until(until, today, book)


def _until(until: date, today: date, book: Book) -> Limit:
    if until < today:
        raise Trouble(
            f"整改截止日期 {until} 已过。请写剩余时限（如“3 工作日”），"
            "或用 --at 按原交办日期导入。",
            f"The deadline {until} has passed. Give a limit (such as 3 working days), "
            "or import as of the day it was issued with --at.",
        )
    day = timedelta(days=1)
    days = book.worktime.workdays_between(today + day, until + day)
    return Limit(days, LimitUnit.WORKING_DAY) if days else Limit(1, LimitUnit.SAME_DAY)


def _iso_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
