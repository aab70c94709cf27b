"""权限: how somebody is concerned with a case, and which verbs that gives.

Who sees which case is `ledger.scope`; this is what those who see it may do. One table, so that
it can be read aloud: what it does not list is nobody's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from models.account import AccountRole
from models.case import Status
from models.request import RequestKind
from models.verb import Verb
from rules.lifecycle import allowed

V = Verb


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of a viewer, within the subtree of a unit or of an area; neither: everywhere."""

    role: AccountRole
    unit_id: int | None = None
    area_id: int | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Everything read for them is narrowed to what they may see.

    With `case_id` the viewer came by a link: that case is all there is, and `unit_id` is the
    unit for which they were written to.
    """

    person_id: int
    name: str
    lang: str = "zh"
    account_id: int | None = None
    session_id: int | None = None
    grants: tuple[Grant, ...] = ()
    case_id: int | None = None
    unit_id: int | None = None
    must_change: bool = False
    """The password was given by somebody else and has to be changed first."""
    actor: str = ""
    """The name under which what they do is recorded; empty means `name`."""

    def __post_init__(self) -> None:
        if not self.actor:
            object.__setattr__(self, "actor", self.name)

    def is_(self, *roles: AccountRole) -> bool:
        """Whether the viewer has one of these roles, wherever."""
        return any(grant.role in roles for grant in self.grants)

    def only(self, *roles: AccountRole) -> "Viewer":
        """The same with nothing but these roles."""
        return replace(self, grants=tuple(g for g in self.grants if g.role in roles))


class Concern(StrEnum):
    """How somebody is concerned with one case."""

    REPORTER = "reporter"
    """Handed it in."""
    VERIFIER = "verifier"
    """Verifies it on site."""
    LOOKS_BACK = "looks_back"
    """Was drawn to look at it again."""
    LEAD = "lead"
    """Answers for the unit that leads."""
    ASSISTING = "assisting"
    """Answers for a unit that assists."""
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    INFORMED = "informed"
    """Was written to, and may read."""


MAY: Mapping[Concern, frozenset[Verb]] = {
    Concern.REPORTER: frozenset({V.NOTE}),
    Concern.VERIFIER: frozenset({V.VERIFY_PASS, V.VERIFY_PARTLY, V.VERIFY_FAIL, V.NOTE}),
    Concern.LOOKS_BACK: frozenset({V.LOOK_BACK_PASS, V.LOOK_BACK_FAIL, V.NOTE}),
    Concern.LEAD: frozenset(
        {V.ACKNOWLEDGE, V.SEND_BACK, V.ASSIGN, V.REQUEST_EXTENSION, V.REQUEST_SUSPENSION,
         V.REQUEST_APPEAL, V.SUBMIT, V.WITHDRAW, V.RESUME, V.RECORD_COST, V.NOTE}
    ),
    Concern.ASSISTING: frozenset({V.CONFIRM_PART, V.ASSIGN, V.RECORD_COST, V.NOTE}),
    Concern.SUPERVISOR: frozenset(
        {V.FILE, V.REJECT, V.MERGE, V.SPLIT, V.FIX_ON_SPOT, V.DISPATCH, V.TRANSFER,
         V.UPHOLD_RETURN, V.REFUSE_RETURN, V.COORDINATE, V.EXTEND, V.SUSPEND, V.REFUSE_REQUEST,
         V.RESUME, V.VERIFY_PASS, V.VERIFY_PARTLY, V.VERIFY_FAIL, V.PUBLISH, V.EXPOSE,
         V.LOOK_BACK_PASS, V.LOOK_BACK_FAIL, V.UPHOLD_APPEAL, V.REFUSE_APPEAL, V.REOPEN, V.URGE,
         V.TAKE_OVER, V.CANCEL, V.RECLASSIFY, V.MEASURE, V.RECORD_COST, V.NOTE}
    ),
    Concern.LEADER: frozenset({V.URGE, V.NOTE}),
    Concern.INFORMED: frozenset(),
}  # fmt: skip


def may(concerns: Iterable[Concern]) -> frozenset[Verb]:
    """Every verb that these concerns give."""
    return frozenset().union(*(MAY[concern] for concern in concerns))


class Facts(Protocol):
    """What of a case decides what is offered."""

    @property
    def status(self) -> Status: ...
    @property
    def late(self) -> bool | None: ...
    @property
    def appeals(self) -> int: ...
    @property
    def step_due_at(self) -> datetime | None: ...
    @property
    def look_back_due_at(self) -> datetime | None: ...


ANSWERS: Mapping[Verb, tuple[RequestKind, ...]] = {
    V.EXTEND: (RequestKind.EXTENSION,),
    V.SUSPEND: (RequestKind.SUSPENSION,),
    V.REFUSE_REQUEST: (RequestKind.EXTENSION, RequestKind.SUSPENSION),
    V.UPHOLD_APPEAL: (RequestKind.APPEAL,),
    V.REFUSE_APPEAL: (RequestKind.APPEAL,),
}
"""Verbs that answer a request, and of which kind."""
_ASKS = {V.REQUEST_EXTENSION, V.REQUEST_SUSPENSION, V.REQUEST_APPEAL}
_LOOKS_BACK = {V.LOOK_BACK_PASS, V.LOOK_BACK_FAIL}


def offered(
    concerns: Iterable[Concern], case: Facts, asked: RequestKind | None = None
) -> list[Verb]:
    """What somebody so concerned can do to a case now, in the order of the lifecycle table.

    `asked` is the kind of the request that waits for an answer. The desk judges again: this
    only keeps from view what it would refuse.
    """
    mine = may(concerns)
    found = dict.fromkeys(verb for verb in allowed(case.status) if verb in mine)
    return [verb for verb in found if _makes_sense(verb, case, asked)]


def _makes_sense(verb: Verb, case: Facts, asked: RequestKind | None) -> bool:
    if verb in ANSWERS:
        return asked in ANSWERS[verb]
    if verb is V.REQUEST_APPEAL:
        return asked is None and bool(case.late) and not case.appeals
    if verb in _ASKS:
        return asked is None
    if verb is V.PUBLISH:
        return case.step_due_at is not None
    return verb not in _LOOKS_BACK or case.look_back_due_at is not None
