"""办案: the verbs. Each is one transaction and answers Moved, or Refused with the reason.

A refusal writes nothing. `actor` is the name that stands in the record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import ENGINE, CaseState, Change, Overtaken, apply, table
from ledger.database import Ledger
from ledger.dispatching import choose_limit, local, plan, start_step
from ledger.dispatching import dispatch as hand_over
from ledger.reference import Reference, read
from models.assignment import Assignment
from models.case import Case, LimitSource, Pause, Stage, Status
from models.category import Role
from models.notice import Notice, NoticeKind
from models.person import DutyKind, Person
from models.request import Request, RequestKind, RequestState
from models.unit import Unit
from models.verb import Verb
from models.words import Trouble, Words
from rules import look_back, requests
from rules.agenda import Book
from rules.duty import Recipient
from rules.lifecycle import OPEN_STATUSES, Moved, Refused, move
from rules.limits import Limit, parse
from rules.routing import Routed


@dataclass(slots=True)
class Matter:
    """One case on the desk: what a verb needs to know, and the change it makes."""

    connection: Connection
    reference: Reference
    book: Book
    change: Change
    at: datetime
    actor: str
    to: Status

    @property
    def case(self) -> CaseState:
        """The case as it stands in this transaction."""
        return self.change.case

    def record(self, verb: Verb, words: str, **data: Any) -> None:
        """Write what happened under the actor's name."""
        self.change.record(verb, self.at, words, self.actor, **data)

    def pauses(self) -> list[tuple[datetime, datetime]]:
        """The pauses of this case that have ended."""
        rows = table(Pause)
        query = sa.select(rows).where(rows.c.case_id == self.case.id).order_by(rows.c.id)
        found = self.connection.execute(query).all()
        return [(row.started_at, row.ended_at or self.at) for row in found]

    def units(self) -> list[tuple[int, Role]]:
        """The units that have a part in the case now, the lead first."""
        parts = table(Assignment)
        query = sa.select(parts.c.unit_id, parts.c.role).where(
            parts.c.case_id == self.case.id, parts.c.ended_at.is_(None)
        )
        rows = self.connection.execute(query.order_by(parts.c.id)).all()
        return sorted(((r.unit_id, r.role) for r in rows), key=lambda part: part[1] != Role.LEAD)

    def lead(self) -> int | None:
        """The unit that leads."""
        return next((unit for unit, role in self.units() if role == Role.LEAD), None)

    def tell(
        self, kind: NoticeKind, unit: int | None, duties: Sequence[DutyKind], **facts: Any
    ) -> None:
        """Owe a notice about this move to those duties of a unit (None: the office)."""
        who = self.reference.directory.everyone(unit, duties, self.at)
        case = self.case
        self.change.owe(
            kind, self.at, who, f"{kind.value}:{case.number}:{case.old['version']}:{unit}", **facts
        )


Effect = Callable[[Matter], Words | None]
"""Carries a verb out on a matter; words instead mean it is refused after all."""


def _do(
    ledger: Ledger, number: str, verb: Verb, at: datetime, actor: str, effect: Effect
) -> Moved | Refused:
    try:
        with ledger.transaction() as connection:
            row = _find(connection, number)
            answer = move(row["status"], verb)
            if isinstance(answer, Refused):
                return answer
            reference = read(connection)
            book = reference.books[row["policy_id"]]
            matter = Matter(
                connection, reference, book, Change(CaseState(row)), at, actor, answer.to
            )
            refused = effect(matter)
            if refused is not None:
                return Refused(refused)
            apply(connection, [matter.change])
            return Moved(matter.case.status)
    except Overtaken:
        return Refused(_OVERTAKEN)


_OVERTAKEN = Words(
    "案件刚刚被他人处理，本次未写入。请刷新后再试。",
    "somebody else has just moved the case; nothing was written. Look again, then retry.",
)


def _find(connection: Connection, number: str) -> Any:
    cases = table(Case)
    query = sa.select(cases).where(cases.c.number == number).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise Trouble(
            f"没有编号为 {number} 的案件。编号形如 2026-000123，见 duban cases。",
            f"There is no case {number}. Numbers look like 2026-000123; see duban cases.",
        )
    return row


# -- who puts it right -------------------------------------------------------------------------


def dispatch(
    ledger: Ledger,
    number: str,
    units: Sequence[str],
    at: datetime,
    actor: str,
    limit: str = "",
    reason: str = "",
) -> Moved | Refused:
    """Hand an undecided or filed case to units by name, the first leading."""

    def effect(matter: Matter) -> Words | None:
        routed = _by_hand(matter.reference, units, reason or "督办员指定责任单位")
        hand_over(
            matter.change,
            matter.reference,
            matter.book,
            routed,
            _limit_by_hand(matter, limit),
            at,
            actor,
        )
        return None

    return _do(ledger, number, Verb.DISPATCH, at, actor, effect)


def acknowledge(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Sign for the case. The handling clock has run since dispatch and runs on."""

    def effect(matter: Matter) -> None:
        late = requests.overdue(matter.case.step_due_at, at)
        matter.change.move(matter.to, at)
        matter.record(Verb.ACKNOWLEDGE, f"签收{'（超过签收时限）' if late else ''}。", late=late)
        plan(matter.change, matter.book, pauses=matter.pauses())

    return _do(ledger, number, Verb.ACKNOWLEDGE, at, actor, effect)


def send_back(
    ledger: Ledger, number: str, reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """Send the case back with a reason. The clock keeps running until the ruling."""

    def effect(matter: Matter) -> Words | None:
        refused = requests.return_refusal(matter.case) or _needs_reason(reason)
        if refused:
            return refused
        matter.case.set(returns=matter.case.returns + 1)
        matter.change.move(matter.to, at)
        start_step(matter.change, matter.book, Stage.RULE, at)
        final = matter.case.returns >= requests.MOST_RETURNS
        matter.record(
            Verb.SEND_BACK,
            f"第 {matter.case.returns} 次退单：{reason}。时限继续计算"
            f"{'；本次裁定为终审' if final else ''}。",
            final=final,
        )
        matter.tell(NoticeKind.RETURNED, None, (DutyKind.OFFICE,), reason=reason)
        plan(matter.change, matter.book, pauses=matter.pauses())
        return None

    return _do(ledger, number, Verb.SEND_BACK, at, actor, effect)


def rule_on_return(
    ledger: Ledger,
    number: str,
    at: datetime,
    actor: str,
    *,
    upheld: bool,
    units: Sequence[str] = (),
    reason: str = "",
) -> Moved | Refused:
    """Decide a return: upheld, to `units` with a fresh clock; refused, as if never sent back."""
    if upheld:
        return _do(
            ledger, number, Verb.UPHOLD_RETURN, at, actor, lambda m: _uphold(m, units, reason)
        )
    return _do(ledger, number, Verb.REFUSE_RETURN, at, actor, lambda m: _refuse(m, reason))


def _uphold(matter: Matter, units: Sequence[str], reason: str) -> None:
    old, at = matter.lead(), matter.at
    routed = _by_hand(matter.reference, units, f"准予退单：{reason or '理由成立'}")
    matter.change.unassigned = {"ended_at": at, "exempt": True}
    limit = _limit_by_hand(matter, "")
    matter.case.set(extensions=0)
    hand_over(
        matter.change, matter.reference, matter.book, routed, limit, at, matter.actor,
        Verb.UPHOLD_RETURN,
    )  # fmt: skip
    matter.tell(NoticeKind.TRANSFERRED, old, (DutyKind.CONTACT,), reason=reason)


def _refuse(matter: Matter, reason: str) -> Words | None:
    if refused := _needs_reason(reason):
        return refused
    matter.change.move(matter.to, matter.at)
    start_step(matter.change, matter.book, Stage.SIGN, matter.at)
    matter.record(Verb.REFUSE_RETURN, f"驳回退单：{reason}。原单位继续办理，时限不变。")
    matter.tell(
        NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason=f"驳回退单：{reason}"
    )
    plan(matter.change, matter.book, pauses=matter.pauses())
    return None


# -- more time ---------------------------------------------------------------------------------


def ask(
    ledger: Ledger,
    number: str,
    kind: RequestKind,
    reason: str,
    at: datetime,
    actor: str,
    until: datetime | None = None,
) -> Moved | Refused:
    """Ask for an extension, or for a suspension until a date. The clock runs on meanwhile."""

    def effect(matter: Matter) -> Words | None:
        rules = matter.book.policy.requests
        refused = (
            _needs_reason(reason)
            or requests.refusal(matter.case, kind, rules, at, until)
            or _already_asked(matter)
        )
        if refused:
            return refused
        matter.change.requests.append(
            {
                "case_id": matter.case.id,
                "kind": kind,
                "state": RequestState.OPEN,
                "reason": reason,
                "until": until,
                "asked_at": at,
            }
        )
        matter.record(_ASKS[kind], f"申请{kind.words.zh}：{reason}。")
        matter.tell(NoticeKind.REQUEST, None, (DutyKind.OFFICE,), reason=reason)
        return None

    return _do(ledger, number, _ASKS[kind], at, actor, effect)


_ASKS = {
    RequestKind.EXTENSION: Verb.REQUEST_EXTENSION,
    RequestKind.SUSPENSION: Verb.REQUEST_SUSPENSION,
}


def decide(
    ledger: Ledger, number: str, at: datetime, actor: str, *, granted: bool, reason: str = ""
) -> Moved | Refused:
    """Decide the open request of a case."""
    kind = _open_kind(ledger, number)
    if kind is None:
        return Refused(_NO_REQUEST)
    if not granted:
        return _do(
            ledger, number, Verb.REFUSE_REQUEST, at, actor, lambda m: _turn_down(m, kind, reason)
        )
    verb = Verb.EXTEND if kind is RequestKind.EXTENSION else Verb.SUSPEND
    effect = _extend if kind is RequestKind.EXTENSION else _suspend
    return _do(ledger, number, verb, at, actor, effect)


_NO_REQUEST = Words("本案没有待审的申请。", "the case has no open request.")


def _extend(matter: Matter) -> Words | None:
    case, at = matter.case, matter.at
    if _open_request(matter, RequestKind.EXTENSION) is None:
        return _NO_REQUEST
    old = case.due_at
    case.set(extensions=case.extensions + 1, epoch=case.epoch + 1)
    _set_due(matter)
    matter.change.decided = {"state": RequestState.GRANTED, "decided_at": at}
    matter.record(
        Verb.EXTEND,
        f"准予第 {case.extensions} 次延期，加一个原时限（{case.limit}）："
        f"{local(old, matter.reference)} 改为 {local(case.due_at, matter.reference)}。",
        old_due=old.isoformat(),
        due=case.due_at.isoformat(),
    )
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason="准予延期")
    plan(matter.change, matter.book, at, matter.pauses())
    return None


def _suspend(matter: Matter) -> Words | None:
    asked = _open_request(matter, RequestKind.SUSPENSION)
    if asked is None:
        return _NO_REQUEST
    case, at = matter.case, matter.at
    matter.change.move(matter.to, at)
    case.set(suspensions=case.suspensions + 1, resumes_at=asked.until)
    matter.change.pauses.append({"case_id": case.id, "started_at": at, "ended_at": None})
    matter.change.decided = {"state": RequestState.GRANTED, "decided_at": at}
    matter.record(
        Verb.SUSPEND,
        f"准予挂账至 {local(asked.until, matter.reference)}，其间不计时，到期自动恢复。",
        until=asked.until.isoformat(),
    )
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason="准予挂账")
    plan(matter.change, matter.book, pauses=matter.pauses())
    return None


def _turn_down(matter: Matter, kind: RequestKind, reason: str) -> Words | None:
    if _open_request(matter, kind) is None:
        return _NO_REQUEST
    if refused := _needs_reason(reason):
        return refused
    matter.change.decided = {"state": RequestState.REFUSED, "decided_at": matter.at}
    matter.record(Verb.REFUSE_REQUEST, f"不同意{kind.words.zh}：{reason}。")
    why = f"不同意{kind.words.zh}：{reason}"
    matter.tell(NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason=why)
    return None


def resume_by_hand(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a suspended case up again before its date."""

    def effect(matter: Matter) -> None:
        resume(matter.change, matter.book, at, matter.pauses(), actor)

    return _do(ledger, number, Verb.RESUME, at, actor, effect)


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


# -- putting right and checking ----------------------------------------------------------------


def submit(ledger: Ledger, number: str, text: str, at: datetime, actor: str) -> Moved | Refused:
    """Hand in the rectification. The handling clock stops; whether it is late is decided now."""

    def effect(matter: Matter) -> Words | None:
        if not text.strip():
            return Words("请写明整改情况。", "say what was done to put it right.")
        case = matter.case
        late = requests.overdue(case.due_at, at)
        matter.change.move(matter.to, at)
        case.set(submitted_at=at, late=case.late if case.late is not None else late)
        start_step(matter.change, matter.book, Stage.VERIFY, at)
        unit = matter.lead()
        matter.change.evidence.append(
            {"case_id": case.id, "at": at, "unit_id": unit, "text": text.strip()}
        )
        matter.record(Verb.SUBMIT, f"{'逾期' if late else '按期'}反馈：{text.strip()}", late=late)
        matter.tell(NoticeKind.SUBMITTED, None, (DutyKind.OFFICE,))
        plan(matter.change, matter.book, pauses=matter.pauses())
        return None

    return _do(ledger, number, Verb.SUBMIT, at, actor, effect)


def verify(
    ledger: Ledger, number: str, at: datetime, actor: str, *, passed: bool, reason: str = ""
) -> Moved | Refused:
    """Say what was found on site: passed closes the case, failed sends it to rework."""
    if passed:
        return _do(ledger, number, Verb.VERIFY_PASS, at, actor, lambda m: _close(m, reason))
    return _do(ledger, number, Verb.VERIFY_FAIL, at, actor, lambda m: _rework(m, reason))


def _close(matter: Matter, reason: str) -> None:
    case, at = matter.case, matter.at
    matter.change.move(matter.to, at)
    start_step(matter.change, matter.book, Stage.PUBLISH, at)
    case.set(closed_at=at, look_back_at=_look_back_at(matter))
    matter.record(Verb.VERIFY_PASS, f"核查通过，销号。{reason}".strip())
    _owe_closing(matter)
    plan(matter.change, matter.book, pauses=matter.pauses())


def _look_back_at(matter: Matter) -> datetime | None:
    rules, case = matter.book.policy.look_back, matter.case
    if not look_back.drawn(case.number, rules.rate, relapse=case.recurrence_of is not None):
        return None
    middle = matter.at + matter.book.policy.window(rules.within) / 2
    return matter.book.worktime.next_open(middle)


def _owe_closing(matter: Matter) -> None:
    """Whoever was told that the case had been opened is told that it is closed."""
    notices, people, units = table(Notice), table(Person), table(Unit)
    query = (
        sa.select(people.c.id, people.c.name, units.c.id.label("unit"), units.c.name.label("of"))
        .select_from(
            notices.join(people, notices.c.person_id == people.c.id).join(
                units, notices.c.unit_id == units.c.id
            )
        )
        .where(notices.c.case_id == matter.case.id, notices.c.kind.in_(_OPENING))
        .order_by(notices.c.id)
    )
    told: dict[int, Recipient] = {}
    for row in matter.connection.execute(query):
        told.setdefault(row.id, Recipient(row.id, row.name, row.unit, row.of, DutyKind.CONTACT))
    case = matter.case
    key = f"closed:{case.number}:{case.old['version']}"
    matter.change.owe(NoticeKind.CLOSED, matter.at, told.values(), key)


_OPENING = (NoticeKind.DISPATCHED, NoticeKind.ESCALATION, NoticeKind.UNDECIDED)


def _rework(matter: Matter, reason: str) -> Words | None:
    if refused := _needs_reason(reason):
        return refused
    case, book, at = matter.case, matter.book, matter.at
    due = book.deadline(book.policy.rework, at)
    matter.change.move(matter.to, at)
    case.set(
        reworks=case.reworks + 1,
        epoch=case.epoch + 1,
        extensions=0,
        clock_from=at,
        due_at=due.due_at,
        provisional=due.provisional,
        limit=str(book.policy.rework),
        limit_source=LimitSource.REWORK,
    )
    matter.record(
        Verb.VERIFY_FAIL,
        f"核查不通过：{reason}。第 {case.reworks} 次返工，时限{case.limit}，"
        f"{local(due.due_at, matter.reference)} 到期。",
        due=due.due_at.isoformat(),
    )
    for unit, _ in matter.units():
        matter.tell(NoticeKind.REWORK, unit, (DutyKind.CONTACT,), reason=reason)
    plan(matter.change, book, at)
    return None


def publish(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Publish the closed case; its publication clock stops."""

    def effect(matter: Matter) -> None:
        matter.case.set(step_due_at=None)
        matter.record(Verb.PUBLISH, "已公示。")
        plan(matter.change, matter.book)

    return _do(ledger, number, Verb.PUBLISH, at, actor, effect)


# -- out of the ordinary -----------------------------------------------------------------------


def cancel(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a case out of the work, with a reason."""

    def effect(matter: Matter) -> Words | None:
        if refused := _needs_reason(reason):
            return refused
        matter.change.move(matter.to, at)
        matter.record(Verb.CANCEL, f"作废：{reason}。")
        _owe_closing(matter)
        plan(matter.change, matter.book)
        return None

    return _do(ledger, number, Verb.CANCEL, at, actor, effect)


def merge(ledger: Ledger, number: str, into: str, at: datetime, actor: str) -> Moved | Refused:
    """Join a case to another open one, which counts its reports."""

    def effect(matter: Matter) -> Words | None:
        if into == number:
            return Words("不能并入自身。", "a case cannot be merged into itself.")
        other = _find(matter.connection, into)
        if other["status"] not in OPEN_STATUSES:
            return Words(f"{into} 已办结，不能并入。", f"{into} is no longer open.")
        joined = Change(CaseState(other))
        joined.case.set(reports=joined.case.reports + matter.case.reports)
        joined.record(Verb.JOIN, at, f"{number} 并入本案。", actor)
        matter.change.move(matter.to, at)
        matter.record(Verb.MERGE, f"并入 {into}。", into=into)
        plan(matter.change, matter.book)
        apply(matter.connection, [joined])
        return None

    return _do(ledger, number, Verb.MERGE, at, actor, effect)


def note(ledger: Ledger, number: str, text: str, at: datetime, actor: str) -> Moved | Refused:
    """Write a remark into the record."""

    def effect(matter: Matter) -> Words | None:
        if refused := _needs_reason(text):
            return refused
        matter.record(Verb.NOTE, text.strip())
        return None

    return _do(ledger, number, Verb.NOTE, at, actor, effect)


# -- shared ------------------------------------------------------------------------------------


def _needs_reason(reason: str) -> Words | None:
    return None if reason.strip() else Words("请写明理由。", "a reason is needed.")


def _by_hand(reference: Reference, names: Sequence[str], why: str) -> Routed:
    ids = [reference.unit(name) for name in names]
    unknown = [name for name, unit in zip(names, ids, strict=True) if unit is None]
    if unknown or not ids:
        raise Trouble(
            f"单位名录中没有：{'、'.join(unknown) or '（未指定单位）'}。用 duban units 查看名录。",
            f"Not in the directory of units: {', '.join(unknown) or '(none named)'}. "
            "duban units lists them.",
        )
    known = list(dict.fromkeys(unit for unit in ids if unit is not None))
    roles = [Role.LEAD, *[Role.ASSISTING] * (len(known) - 1)]
    return Routed(tuple(zip(known, roles, strict=True)), Words(why, why))


def _limit_by_hand(matter: Matter, text: str) -> tuple[Limit, LimitSource]:
    case = matter.case
    if text:
        return parse(text, matter.book.policy.bare), LimitSource.PERSON
    if case.limit and case.limit_source is not LimitSource.REWORK:
        return parse(case.limit), case.limit_source or LimitSource.PAPER
    return choose_limit(matter.reference, matter.book, "", case.category_code)


def _set_due(matter: Matter) -> None:
    case = matter.case
    due = matter.book.handling(parse(case.limit), case.clock_from, case.extensions, matter.pauses())
    case.set(due_at=due.due_at, provisional=due.provisional)


def _open_request(matter: Matter, *kinds: RequestKind) -> Any:
    """The request of one of these kinds that still waits for an answer."""
    rows = table(Request)
    mine = (rows.c.case_id == matter.case.id, rows.c.decided_at.is_(None), rows.c.kind.in_(kinds))
    return matter.connection.execute(sa.select(rows).where(*mine)).one_or_none()


def _already_asked(matter: Matter) -> Words | None:
    if _open_request(matter, *RequestKind) is None:
        return None
    return Words("本案已有待审的申请。", "a request for this case is already waiting.")


def _open_kind(ledger: Ledger, number: str) -> RequestKind | None:
    rows, cases = table(Request), table(Case)
    query = (
        sa.select(rows.c.kind)
        .join(cases, rows.c.case_id == cases.c.id)
        .where(cases.c.number == number, rows.c.decided_at.is_(None))
    )
    with ledger.transaction() as connection:
        found: RequestKind | None = connection.execute(query).scalar_one_or_none()
        return found
