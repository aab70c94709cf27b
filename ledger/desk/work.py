"""整改与核查: putting right, checking on site, and what comes after closing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ledger.changes import table
from ledger.database import Ledger
from ledger.desk.matter import Matter, Shown, act, needs_reason, owe_closing, set_due
from ledger.dispatching import TICK, local, start_step
from ledger.log import done_of, epoch_start
from ledger.retiming import catch_up
from models.case import LimitSource, Stage
from models.category import Role
from models.notice import NoticeKind
from models.person import DutyKind
from models.record import Record
from models.verb import Verb
from models.words import Words
from rules import requests
from rules.history import now_of
from rules.lifecycle import Moved, Refused


def submit(
    ledger: Ledger,
    number: str,
    text: str,
    at: datetime,
    actor: str,
    shown: Shown | None = None,
) -> Moved | Refused:
    """Hand in the rectification for all. The handling clock stops; lateness is decided now.

    Assisting units whose part is still open are named in the record.
    """

    def effect(matter: Matter) -> Words | None:
        if refused := _needs_account(text):
            return refused
        case = matter.case
        late = requests.overdue(case.due_at, at)
        matter.move()
        case.set(submitted_at=at, late=case.late if case.late is not None else late)
        start_step(matter.change, matter.book, Stage.VERIFY, at)
        _keep_account(matter, matter.lead(), text)
        open_parts = [matter.name(unit) for unit in matter.answering().assisting]
        missing = f"协同单位尚未报告完成：{'、'.join(open_parts)}。" if open_parts else ""
        said = f"{'逾期' if late else '按期'}反馈：{text.strip()}"
        matter.record(Verb.SUBMIT, f"{said}{'。' if missing else ''}{missing}", late=late)
        matter.tell(NoticeKind.SUBMITTED, None, (DutyKind.OFFICE,))
        matter.plan()
        return None

    return act(ledger, number, Verb.SUBMIT, at, actor, effect, shown=shown)


def confirm_part(
    ledger: Ledger,
    number: str,
    unit: str,
    text: str,
    at: datetime,
    actor: str,
    shown: Shown | None = None,
) -> Moved | Refused:
    """An assisting unit reports its part done; late if the case was due by then."""

    def effect(matter: Matter) -> Words | None:
        if refused := _needs_account(text):
            return refused
        part = matter.part(unit)
        if part.role == Role.LEAD:
            return Words(
                f"{unit}是牵头单位，请用整改反馈（submit）代表全案反馈。",
                f"{unit} leads; it submits for the whole case.",
            )
        if part.confirmed_at is not None:
            return Words(f"{unit}已报告完成。", f"{unit} has reported its part done already.")
        late = requests.overdue(matter.case.due_at, at)
        decided = late if part.late is None else part.late
        matter.change.parts[part.id] = {"confirmed_at": at, "late": decided}
        _keep_account(matter, part.unit_id, text)
        said = (
            f"{matter.name(part.unit_id)}{'逾期' if late else '按期'}完成协同任务：{text.strip()}"
        )
        matter.record(Verb.CONFIRM_PART, said, unit_id=part.unit_id, late=late)
        kind = NoticeKind.CONFIRMED
        matter.tell(kind, matter.lead(), (DutyKind.CONTACT,), reason=said)
        return None

    return act(ledger, number, Verb.CONFIRM_PART, at, actor, effect, shown=shown)


def _needs_account(text: str) -> Words | None:
    if text.strip():
        return None
    return Words("请写明整改情况。", "say what was done to put it right.")


def _keep_account(matter: Matter, unit: int | None, text: str) -> None:
    row = {"case_id": matter.case.id, "at": matter.at, "unit_id": unit, "text": text.strip()}
    matter.change.evidence.append(row)


def withdraw(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a submission back before it is verified: the handling clock runs as if never stopped.

    Being on time is then undecided again, if this submission had decided it; being late stays.
    """

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        case, submitted = matter.case, matter.case.submitted_at
        matter.move()
        case.set(submitted_at=None)
        if not case.late and _decided_just_now(matter):
            case.set(late=None)
        set_due(matter)
        matter.record(Verb.WITHDRAW, f"撤回反馈：{reason}。时限视同未停，继续计算。")
        matter.tell(NoticeKind.WITHDRAWN, None, (DutyKind.OFFICE,), reason=reason)
        # What came due while it lay submitted was never looked at, nor what had come due just
        # before, if no round came between.
        case.set(looked_until=min(case.looked_until, submitted))
        logged = done_of(matter.connection, [case.id])[case.id]
        began = epoch_start(matter.connection, case)
        catch_up(matter.change, matter.book, matter.pauses(), logged, began)
        return None

    return act(ledger, number, Verb.WITHDRAW, at, actor, effect)


def _decided_just_now(matter: Matter) -> bool:
    """Whether it was the submission that lies there now that decided the lateness."""
    records = table(Record)
    query = (
        sa.select(records.c.data)
        .where(records.c.case_id == matter.case.id, records.c.verb == Verb.SUBMIT.value)
        .order_by(records.c.seq.desc())
        .limit(1)
    )
    return "late" in now_of(matter.connection.execute(query).scalar_one())


# -- checking on site --------------------------------------------------------------------------


def verify(
    ledger: Ledger,
    number: str,
    at: datetime,
    actor: str,
    *,
    passed: bool,
    partly: bool = False,
    left: Sequence[str] = (),
    reason: str = "",
    shown: Shown | None = None,
) -> Moved | Refused:
    """Say what was found on site: passed closes the case, failed sends it to rework.

    `partly` sends back what is left: the parts of the units named in `left` are open again,
    those of the others stay done; a plain failure opens all of them.
    """
    verb, effect = _found(passed, partly, left, reason)
    return act(ledger, number, verb, at, actor, effect, shown=shown)


def _found(
    passed: bool, partly: bool, left: Sequence[str], reason: str
) -> tuple[Verb, Callable[[Matter], Words | None]]:
    if partly:
        return Verb.VERIFY_PARTLY, lambda matter: _partly(matter, left, reason)
    if passed:
        return Verb.VERIFY_PASS, lambda matter: _close(matter, reason)
    return Verb.VERIFY_FAIL, lambda matter: _fail(matter, reason)


def _close(matter: Matter, reason: str) -> Words | None:
    matter.move()
    start_step(matter.change, matter.book, Stage.PUBLISH, matter.at)
    matter.case.set(closed_at=matter.at, verified_by=matter.actor)
    matter.record(Verb.VERIFY_PASS, f"核查通过，销号。{reason}".strip())
    owe_closing(matter)
    matter.plan()
    return None


def _fail(matter: Matter, reason: str) -> Words | None:
    if refused := needs_reason(reason):
        return refused
    _open_parts(matter, [part.unit_id for part in matter.parts])
    _rework(matter, Verb.VERIFY_FAIL, f"核查不通过：{reason}", NoticeKind.REWORK, reason)
    return None


def _partly(matter: Matter, left: Sequence[str], reason: str) -> Words | None:
    if refused := needs_reason(reason):
        return refused
    parts = [matter.part(unit) for unit in left]
    _open_parts(matter, [part.unit_id for part in parts])
    names = f"（{'、'.join(matter.name(part.unit_id) for part in parts)}）" if parts else ""
    said = f"核查部分通过，尚余{names}：{reason}"
    units = [part.unit_id for part in parts]
    _rework(matter, Verb.VERIFY_PARTLY, said, NoticeKind.REWORK, reason, units_left=units)
    return None


def _open_parts(matter: Matter, units: Sequence[int]) -> None:
    for part in matter.parts:
        if part.unit_id in units and part.confirmed_at is not None:
            matter.change.parts[part.id] = {"confirmed_at": None}


def _rework(
    matter: Matter,
    verb: Verb,
    said: str,
    kind: NoticeKind,
    reason: str,
    *,
    raised: int = 0,
    **data: Any,
) -> None:
    """Back to the units under the policy's rework limit: a new clock, a new epoch."""
    case, book, at = matter.case, matter.book, matter.at
    due = book.deadline(book.policy.rework, at)
    matter.move()
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
    if raised:
        case.set(raised=case.raised + raised, raised_at=at)
    matter.record(
        verb,
        f"{said}。第 {case.reworks} 次返工，时限{case.limit}，"
        f"{local(due.due_at, matter.reference)} 到期{'，督办提高一级' if raised else ''}。",
        due=due.due_at.isoformat(),
        **data,
    )
    matter.tell_units(kind, (DutyKind.CONTACT,), reason=reason)
    matter.plan(at - TICK if raised else at)


# -- after closing -----------------------------------------------------------------------------


def publish(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Publish the closed case; its publication clock stops."""

    def effect(matter: Matter) -> None:
        matter.case.set(step_due_at=None)
        matter.record(Verb.PUBLISH, "已公示。")
        matter.plan()

    return act(ledger, number, Verb.PUBLISH, at, actor, effect)


def expose(ledger: Ledger, number: str, medium: str, at: datetime, actor: str) -> Moved | Refused:
    """Record where the case was exposed (曝光), and tell the unit."""

    def effect(matter: Matter) -> Words | None:
        if not medium.strip():
            return Words("请写明曝光的媒体或栏目。", "say in which medium it was exposed.")
        matter.record(Verb.EXPOSE, f"曝光：{medium.strip()}。")
        both = (DutyKind.CONTACT, DutyKind.HEAD)
        matter.tell(NoticeKind.EXPOSED, matter.lead(), both, reason=medium.strip())
        return None

    return act(ledger, number, Verb.EXPOSE, at, actor, effect)


def look_back(
    ledger: Ledger,
    number: str,
    at: datetime,
    actor: str,
    *,
    passed: bool,
    reason: str = "",
    shown: Shown | None = None,
) -> Moved | Refused:
    """Say what was found on looking back: it held, or it is back (反弹).

    A relapse goes to rework one level higher at once and is counted. Whoever verified does not
    look back.
    """
    verb = Verb.LOOK_BACK_PASS if passed else Verb.LOOK_BACK_FAIL

    def effect(matter: Matter) -> Words | None:
        refused = _no_look_back(matter) or (None if passed else needs_reason(reason))
        if refused:
            return refused
        _end_look_back(matter, passed=passed, reason=reason)
        if not passed:
            _relapse(matter, reason)
            return None
        matter.record(verb, f"回头看通过，未见反弹。{reason}".strip())
        matter.plan()
        return None

    return act(ledger, number, verb, at, actor, effect, shown=shown)


def _no_look_back(matter: Matter) -> Words | None:
    if matter.case.look_back_due_at is None:
        return Words(
            "本案没有待办的回头看。发现再次出现，请重新上报，或重新办理（reopen）。",
            "this case has no look-back waiting. If the problem is back, report it again, "
            "or reopen the case.",
        )
    if matter.actor == matter.case.verified_by:
        return Words(
            "核查人不能对同一案件回头看，请由另一名检查员进行。",
            "whoever verified a case does not look back at it; another inspector must.",
        )
    return None


def _end_look_back(matter: Matter, *, passed: bool | None, reason: str) -> None:
    matter.change.looked_back = {
        "done_at": matter.at, "passed": passed, "actor": matter.actor, "reason": reason,
    }  # fmt: skip
    matter.case.set(look_back_from=None, look_back_due_at=None, inspector_id=None)


def _relapse(matter: Matter, reason: str) -> None:
    matter.case.set(relapses=matter.case.relapses + 1, closed_at=None, verified_by="")
    said, kind = f"回头看发现反弹：{reason}", NoticeKind.RELAPSED
    _open_parts(matter, [part.unit_id for part in matter.parts])
    raised = matter.book.policy.relapse_raises
    _rework(matter, Verb.LOOK_BACK_FAIL, said, kind, reason, raised=raised)


def reopen(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a closed case up again, under the rework limit. The lateness decided stays."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        if not matter.parts:
            return Words(
                "本案从未交办，不能重新办理；请重新上报。",
                "this case was never dispatched and cannot be reopened; report it again.",
            )
        _end_look_back(matter, passed=None, reason=reason)
        matter.case.set(closed_at=None, verified_by="")
        _open_parts(matter, [part.unit_id for part in matter.parts])
        _rework(matter, Verb.REOPEN, f"重新办理：{reason}", NoticeKind.REOPENED, reason)
        return None

    return act(ledger, number, Verb.REOPEN, at, actor, effect)
