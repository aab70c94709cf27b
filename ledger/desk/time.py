"""时间: asking for more time, for rest, or that lateness not be counted; and being urged on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import ENGINE, Change, table
from ledger.database import Ledger
from ledger.desk.matter import Matter, act, needs_reason, open_request, set_due
from ledger.dispatching import TICK, local, plan
from models.case import Status
from models.notice import NoticeKind
from models.person import DutyKind
from models.record import Record
from models.request import RequestKind, RequestState, Review
from models.verb import Verb
from models.words import Words
from rules import requests
from rules.addressees import addressees
from rules.agenda import Book
from rules.lifecycle import Moved, Refused
from rules.limits import parse


@dataclass(frozen=True, slots=True)
class Asking:
    """One kind of request: the verbs it goes by, and what granting it does."""

    ask: Verb
    grant: Verb
    refuse: Verb
    carry_out: Callable[[Matter, Any], None]
    """Given the case and the request."""


def ask(
    ledger: Ledger,
    number: str,
    kind: RequestKind,
    reason: str,
    at: datetime,
    actor: str,
    until: datetime | None = None,
) -> Moved | Refused:
    """Ask for an extension, for a suspension until a date, or appeal against a lateness.

    The clock runs on meanwhile.
    """

    def effect(matter: Matter) -> Words | None:
        rules = matter.book.policy.requests
        refused = (
            needs_reason(reason)
            or requests.refusal(matter.case, kind, rules, at, until)
            or _already_asked(matter)
        )
        if refused:
            return refused
        needs = getattr(rules.reviewers, kind.value)
        matter.change.requests.append(
            {
                "case_id": matter.case.id,
                "kind": kind,
                "state": RequestState.OPEN,
                "reason": reason,
                "needs": needs,
                "asked_by": actor,
                "until": until,
                "asked_at": at,
            }
        )
        approvers = f"须 {needs} 人审核同意。" if needs > 1 else ""
        matter.record(_KINDS[kind].ask, f"申请{kind.words.zh}：{reason}。{approvers}")
        matter.tell(NoticeKind.REQUEST, None, (DutyKind.OFFICE,), reason=reason)
        return None

    return act(ledger, number, _KINDS[kind].ask, at, actor, effect)


def decide(
    ledger: Ledger, number: str, at: datetime, actor: str, *, granted: bool, reason: str = ""
) -> Moved | Refused:
    """Say yes or no to the open request of a case.

    Where the policy wants two to agree, the first yes is a review; the second decides. One no
    refuses. Nobody decides what he asked for himself, nor twice.
    """
    return act(
        ledger, number, partial(_verb, granted=granted), at, actor,
        partial(_answer, granted=granted, reason=reason),
    )  # fmt: skip


_NO_REQUEST = Words("本案没有待审的申请。", "the case has no open request.")


def _verb(connection: Connection, case_id: int, *, granted: bool) -> Verb | Words:
    """What saying yes or no comes to, as the open request stands now."""
    asked = open_request(connection, case_id)
    if asked is None:
        return _NO_REQUEST
    kind = _KINDS[asked.kind]
    if not granted:
        return kind.refuse
    agreed = len(_reviewers(connection, asked.id))
    return kind.grant if agreed + 1 >= asked.needs else Verb.REVIEW


def _answer(matter: Matter, *, granted: bool, reason: str) -> Words | None:
    asked = open_request(matter.connection, matter.case.id)
    yeses = _reviewers(matter.connection, asked.id)
    refused = _not_by(matter.actor, asked.asked_by, yeses)
    if refused or (not granted and (refused := needs_reason(reason))):
        return refused
    if granted and asked.until is not None and asked.until <= matter.at:
        return _TOO_LATE
    row = {"request_id": asked.id, "actor": matter.actor, "granted": granted,
           "reason": reason, "at": matter.at}  # fmt: skip
    matter.change.more.append((Review, row))
    if not granted:
        _turn_down(matter, asked.kind, reason)
    elif len(yeses) + 1 < asked.needs:
        said = f"审核同意{asked.kind.words.zh}（{len(yeses) + 1}/{asked.needs}）。{reason}"
        matter.record(Verb.REVIEW, said)
    else:
        matter.change.decided = {"state": RequestState.GRANTED, "decided_at": matter.at}
        _KINDS[asked.kind].carry_out(matter, asked)
    return None


_TOO_LATE = Words(
    "申请挂账的截止日期已过，不能同意。请不同意并说明，单位可另行申请。",
    "the date the suspension asks for has passed. Refuse it; the unit can ask again.",
)


def _turn_down(matter: Matter, kind: RequestKind, reason: str) -> None:
    matter.change.decided = {"state": RequestState.REFUSED, "decided_at": matter.at}
    if kind is RequestKind.APPEAL:
        matter.case.set(appeals=matter.case.appeals + 1)
    why = f"不同意{kind.words.zh}：{reason}"
    matter.record(_KINDS[kind].refuse, f"{why}。")
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason=why)


def _not_by(actor: str, asked_by: str, reviewers: Sequence[str]) -> Words | None:
    if actor == asked_by:
        return Words(
            "申请人不能审核自己的申请，请由督办员审核。",
            "nobody decides what they asked for themselves; a supervisor must.",
        )
    if actor in reviewers:
        return Words(
            "您已审核同意过，须由另一人审核。",
            "you have agreed already; somebody else must, too.",
        )
    return None


def _reviewers(connection: Connection, request_id: int) -> list[str]:
    """Who has agreed to a request."""
    rows = table(Review)
    query = sa.select(rows.c.actor).where(rows.c.request_id == request_id, rows.c.granted)
    return list(connection.execute(query).scalars())


def _already_asked(matter: Matter) -> Words | None:
    if open_request(matter.connection, matter.case.id) is None:
        return None
    return Words("本案已有待审的申请。", "a request for this case is already waiting.")


# -- what granting does ------------------------------------------------------------------------


def _extend(matter: Matter, asked: Any) -> None:
    case, at = matter.case, matter.at
    old = case.due_at
    case.set(extensions=case.extensions + 1, epoch=case.epoch + 1)
    set_due(matter)
    matter.record(
        Verb.EXTEND,
        f"准予第 {case.extensions} 次延期，加一个原时限（{case.limit}）："
        f"{local(old, matter.reference)} 改为 {local(case.due_at, matter.reference)}。",
        old_due=old.isoformat(),
        due=case.due_at.isoformat(),
    )
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason="准予延期")
    # Granted so late that even the new limit is used up, its first level is still a row.
    matter.plan(min(at, case.due_at - TICK))


def _suspend(matter: Matter, asked: Any) -> None:
    case, at = matter.case, matter.at
    matter.move()
    case.set(suspensions=case.suspensions + 1, resumes_at=asked.until)
    matter.change.pauses.append({"case_id": case.id, "started_at": at, "ended_at": None})
    said = f"准予挂账至 {local(asked.until, matter.reference)}，其间不计时，到期自动恢复"
    matter.record(Verb.SUSPEND, f"{said}。", until=asked.until.isoformat())
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason=said)
    matter.plan()


def _exempt(matter: Matter, asked: Any) -> None:
    matter.case.set(exempt=True, appeals=matter.case.appeals + 1)
    matter.record(Verb.UPHOLD_APPEAL, "申诉成立：不计入考核统计；逾期的事实保留。")
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason="申诉成立")


_KINDS = {
    RequestKind.EXTENSION: Asking(
        Verb.REQUEST_EXTENSION, Verb.EXTEND, Verb.REFUSE_REQUEST, _extend
    ),
    RequestKind.SUSPENSION: Asking(
        Verb.REQUEST_SUSPENSION, Verb.SUSPEND, Verb.REFUSE_REQUEST, _suspend
    ),
    RequestKind.APPEAL: Asking(
        Verb.REQUEST_APPEAL, Verb.UPHOLD_APPEAL, Verb.REFUSE_APPEAL, _exempt
    ),
}


def resume_by_hand(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a suspended case up again before its date."""

    def effect(matter: Matter) -> None:
        resume(matter.change, matter.book, at, matter.pauses(), actor)
        matter.tell(NoticeKind.RESUMED, matter.lead(), (DutyKind.CONTACT,))

    return act(ledger, number, Verb.RESUME, at, actor, effect)


def resume(
    change: Change,
    book: Book,
    at: datetime,
    pauses: Sequence[tuple[datetime, datetime]],
    actor: str = ENGINE,
) -> None:
    """End a suspension: the handling clock goes on with the time that was left.

    `pauses` are all of the case's, the running one ending at `at`.
    """
    case = change.case
    change.move(Status.IN_PROGRESS, at)
    change.resumed_at = at
    due = book.handling(parse(case.limit), case.clock_from, case.extensions, pauses)
    case.set(resumes_at=None, due_at=due.due_at, provisional=due.provisional)
    change.record(
        Verb.RESUME,
        at,
        f"恢复办理，扣除挂账时间后 {due.due_at:%Y-%m-%d %H:%M} 到期。",
        actor,
        due=due.due_at.isoformat(),
    )
    plan(change, book, pauses=pauses)


# -- urging ------------------------------------------------------------------------------------


def urge(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Urge by hand whoever the case waits for; once a day is enough for one case."""

    def effect(matter: Matter) -> Words | None:
        refused = needs_reason(reason) or _urged_today(matter)
        if refused:
            return refused
        waits_for_office = matter.case.status in (Status.RETURNED, Status.SUBMITTED)
        duties = (DutyKind.OFFICE,) if waits_for_office else (DutyKind.CONTACT, DutyKind.HEAD)
        who = addressees(matter.reference.directory, matter.answering(), duties, at)
        kind = NoticeKind.URGED
        matter.change.owe(kind, at, who, matter.why(kind, ""), reason=reason)
        names = "、".join(f"{r.unit}{r.duty.words.zh}{r.person}" for r in who) or "无人在岗"
        matter.record(Verb.URGE, f"人工催办：{reason}。告知{names}。")
        return None

    return act(ledger, number, Verb.URGE, at, actor, effect)


def _urged_today(matter: Matter) -> Words | None:
    midnight = matter.at.astimezone(matter.reference.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    records = table(Record)
    query = sa.select(records.c.id).where(
        records.c.case_id == matter.case.id,
        records.c.verb == Verb.URGE.value,
        records.c.at >= midnight,
    )
    if matter.connection.execute(query).first() is None:
        return None
    return Words(
        "本案今天已人工催办过一次，请明天再催或提级办理。",
        "this case was urged by hand today already; urge again tomorrow, or take it over.",
    )
