"""延期、挂账、申诉与退单: when they may be asked for. The figures are the policy's."""

from datetime import datetime, timedelta
from typing import Protocol

from models.request import RequestKind
from models.words import Words
from rules.policy import Requests

MOST_RETURNS = 2
"""The second send-back of a case goes to a final ruling; there is no third."""


class Asking(Protocol):
    """What counts when time is asked for."""

    @property
    def due_at(self) -> datetime | None: ...
    @property
    def extensions(self) -> int: ...
    @property
    def suspensions(self) -> int: ...
    @property
    def returns(self) -> int: ...
    @property
    def submitted_at(self) -> datetime | None: ...
    @property
    def appeals(self) -> int: ...
    @property
    def late(self) -> bool | None: ...


def refusal(
    case: Asking, kind: RequestKind, rules: Requests, at: datetime, until: datetime | None
) -> Words | None:
    """Why the request cannot be made, or None when it can."""
    if kind is RequestKind.APPEAL:
        return _not_late(case) or _too_often(kind, case.appeals, rules.appeals)
    if overdue(case.due_at, at):
        return Words(
            f"时限已到，不能再申请{kind.words.zh}。请先反馈整改情况。",
            f"the limit is used up; no {kind.words.en} can be asked for. Submit what was done.",
        )
    if kind is RequestKind.EXTENSION:
        return _too_often(kind, case.extensions, rules.extensions)
    return _too_often(kind, case.suspensions, rules.suspensions) or _until(until, at, rules)


def return_refusal(case: Asking) -> Words | None:
    """Why the case cannot be sent back (again), or None when it can."""
    if case.submitted_at is not None:
        return Words(
            "贵单位已反馈过整改，即已承担责任，返工期间不能退单。确有困难可申请延期或挂账。",
            "the unit has handed in a rectification and so taken it on; a rework cannot be sent "
            "back. An extension or a suspension can be asked for.",
        )
    if case.returns < MOST_RETURNS:
        return None
    return Words(
        "本案已作终审裁定，不能再退单。确有困难可申请延期或挂账。",
        "the final ruling on this case was given; it cannot be sent back again. "
        "An extension or a suspension can be asked for.",
    )


def overdue(due_at: datetime | None, at: datetime) -> bool:
    """Whether the limit is used up. The instant it is due no longer belongs to it."""
    return due_at is not None and at >= due_at


def _not_late(case: Asking) -> Words | None:
    if case.late:
        return None
    return Words(
        "本案按期办结，无须申诉。申诉只对逾期办结的案件。",
        "this case was on time; an appeal is for cases that were closed late.",
    )


def _too_often(kind: RequestKind, granted: int, most: int) -> Words | None:
    if granted < most:
        return None
    return Words(
        f"{kind.words.zh}最多 {most} 次，本案已用 {granted} 次。",
        f"at most {most} of this kind ({kind.words.en}); this case has had {granted}.",
    )


def _until(until: datetime | None, at: datetime, rules: Requests) -> Words | None:
    if until is not None and at < until <= at + timedelta(days=rules.suspension_days):
        return None
    return Words(
        f"挂账须写明恢复日期，且不超过 {rules.suspension_days} 天。",
        f"a suspension needs the date it ends, at most {rules.suspension_days} days ahead.",
    )
