"""重算: what the limit and the due instants of a case are by the rules as they stand now."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from ledger.changes import ENGINE, Change
from ledger.dispatching import TICK, choose_limit, local, plan, written
from ledger.reference import Reference
from models.case import LimitSource, Stage, Status
from models.category import Role
from models.notice import NoticeKind
from models.verb import Verb
from rules.agenda import HANDLING, RAISED, STEP, Act, Book, Look, agenda, next_look
from rules.history import written as fact
from rules.ladder import UPWARDS
from rules.requests import overdue

Pauses = Sequence[tuple[datetime, datetime]]

Logged = Collection[tuple[int, Stage, int, str]]
"""What the log holds of a case: (clock, stage, level, rule)."""

CLOCKED = HANDLING | {Status.SUSPENDED}
"""The statuses in which a limit may still change: once submitted, lateness is decided."""


def retime(
    change: Change,
    reference: Reference,
    pauses: Pauses,
    at: datetime,
    cause: str,
    lead: int | None,
    actor: str = ENGINE,
    *,
    paper: str = "",
    logged: Logged = (),
    reapply: bool = False,
    epoch_from: datetime | None = None,
) -> bool:
    """Bring a case to the rules as they stand; whether anything about it changed.

    What differs is recorded with the old, the new and the cause, and the lead unit is told of a
    new handling deadline. When only its next looks move, nothing is recorded. A case that was
    overdue and no longer is begins a new epoch: its ladder starts afresh. A level that the case
    has now reached, and that is not `logged`, is carried out by the next sweep.

    `paper` is the limit its paper names, read anew; without it the one the case has counts, if
    it came from there. With `reapply` the policy in force is taken up first. `epoch_from` is
    given for a raised case: what raising it made due is made up for if that was later.
    """
    case, before = change.case, {name: getattr(change.case, name) for name in _TIMED}
    if reapply:
        case.set(policy_id=reference.active)
    book = reference.books[case.policy_id]
    pauses = _within(case.clock_from, pauses)
    _limit(change, reference, book, paper)
    _handling(change, book, pauses)
    _steps(change, book)
    if all(getattr(case, name) == before[name] for name in _TIMED):
        return _replan(change, book, pauses, logged, epoch_from)
    if overdue(before["due_at"], at) and not overdue(case.due_at, at):
        case.set(epoch=case.epoch + 1)
    _record(change, reference, before, at, cause, actor)
    if case.due_at != before["due_at"]:
        _tell(change, reference, at, cause, lead)
    catch_up(change, book, pauses, logged, epoch_from)
    return True


_TIMED = (
    "policy_id", "limit", "limit_source", "due_at", "provisional", "step_due_at",
    "look_back_due_at",
)  # fmt: skip


def _within(start: datetime | None, pauses: Pauses) -> Pauses:
    """The pauses of the clock that runs: those of an earlier one would take its first day."""
    return [(begun, ended) for begun, ended in pauses if start is None or ended > start]


def _limit(change: Change, reference: Reference, book: Book, paper: str) -> None:
    """The limit its source gives now. What a person set is left alone."""
    case = change.case
    if case.status not in CLOCKED or case.clock_from is None:
        return
    if case.limit_source is LimitSource.REWORK:
        case.set(limit=written(book.policy.rework))
    elif case.limit_source is not LimitSource.PERSON:
        own = case.limit if case.limit_source is LimitSource.PAPER else ""
        limit, source = choose_limit(reference, book, paper or own, case.category_code)
        case.set(limit=written(limit), limit_source=source)


def _handling(change: Change, book: Book, pauses: Pauses) -> None:
    case = change.case
    if case.status not in HANDLING or case.clock_from is None:
        return
    due = book.handling(book.limit(case.limit), case.clock_from, case.extensions, pauses)
    case.set(due_at=due.due_at, provisional=due.provisional)


def _steps(change: Change, book: Book) -> None:
    case, stages = change.case, book.policy.stages
    stage = STEP.get(case.status)
    if stage and case.step_due_at:
        case.set(step_due_at=book.deadline(stages[stage].limit, case.since).due_at)
    if case.status is Status.CLOSED and case.look_back_from:
        limit = stages[Stage.LOOK_BACK].limit
        case.set(look_back_due_at=book.deadline(limit, case.look_back_from).due_at)


# -- the next look -----------------------------------------------------------------------------


def _replan(
    change: Change, book: Book, pauses: Pauses, logged: Logged, epoch_from: datetime | None
) -> bool:
    case = change.case
    if next_look(case, book, case.looked_until, pauses) == case.next_look_at:
        return False
    catch_up(change, book, pauses, logged, epoch_from)
    return True


def catch_up(
    change: Change,
    book: Book,
    pauses: Pauses,
    logged: Logged,
    epoch_from: datetime | None = None,
) -> None:
    """Plan the next look, from before the first one that would otherwise never come."""
    missed = next(_missed(change, book, pauses, logged, epoch_from), None)
    plan(change, book, missed and missed - TICK, pauses)


def _missed(
    change: Change, book: Book, pauses: Pauses, logged: Logged, epoch_from: datetime | None
) -> Iterator[datetime]:
    """The looks that now lie where the case has been judged already, and were never made."""
    case = change.case
    starts = (case.since, case.clock_from, case.look_back_from)
    for look in agenda(case, book, min(start for start in starts if start), pauses):
        if look.at > case.looked_until:
            return
        if _binding(look, epoch_from) and not _made(look, change, logged):
            yield look.at


def _binding(look: Look, epoch_from: datetime | None) -> bool:
    """Is this look made up for? Not a reminder of handling: the notice of the new limit is one.

    Nor what came because the case was raised before this epoch began: that was in its own.
    """
    if look.act is Act.RESUME:
        return False
    if look.rule == RAISED.zh:
        return epoch_from is not None and look.at > epoch_from
    return look.level > 0 or look.stage is not Stage.HANDLE


def _made(look: Look, change: Change, logged: Logged) -> bool:
    # Filed and undecided are two turns of one clock.
    any_turn = look.stage is Stage.DISPATCH
    return any(
        stage is look.stage and level == look.level and (level or rule == look.rule)
        for clock, stage, level, rule in logged
        if any_turn or clock == change.clock(look.stage)
    )


# -- what is said of it ------------------------------------------------------------------------


def _tell(change: Change, reference: Reference, at: datetime, cause: str, lead: int | None) -> None:
    case = change.case
    who = reference.directory.nearest(lead, UPWARDS, at)
    why = f"recomputed:{case.number}:{case.old['version']}"
    change.owe(NoticeKind.RECOMPUTED, at, who, why, reason=cause, role=Role.LEAD.value)


def _record(
    change: Change,
    reference: Reference,
    before: dict[str, Any],
    at: datetime,
    cause: str,
    actor: str,
) -> None:
    case = change.case
    said = [*_limit_said(change, reference, before), *_due_said(change, reference, before)]
    instants = {
        name: (before[key], getattr(case, key))
        for key, name in _DATA.items()
        if key == "due_at" or before[key] != getattr(case, key)
    }
    change.record(
        Verb.RECOMPUTE,
        at,
        f"重算时限（{cause}）：{'，'.join(said)}。",
        actor,
        cause=cause,
        **{f"old_{name}": fact(old) for name, (old, _) in instants.items()},
        **{name: fact(new) for name, (_, new) in instants.items()},
    )


def _limit_said(change: Change, reference: Reference, before: dict[str, Any]) -> Iterator[str]:
    case, old = change.case, before["limit_source"]
    if case.policy_id != before["policy_id"]:
        yield f"改按《{reference.books[case.policy_id].policy.title}》办理"
    if case.limit != before["limit"]:
        yield f"时限由{before['limit']}改为{case.limit}（{case.limit_source.words.zh}）"
    elif case.limit_source is not old:
        yield f"时限仍为{case.limit}，依据由{old.words.zh}改为{case.limit_source.words.zh}"


def _due_said(change: Change, reference: Reference, before: dict[str, Any]) -> Iterator[str]:
    case = change.case
    moved = [key for key in _NAMES if before[key] != getattr(case, key)]
    for key in moved:
        old, new = (local(due, reference) for due in (before[key], getattr(case, key)))
        yield f"{_NAMES[key]}由 {old} 改为 {new}"
    if not moved:
        yield "恢复办理时按此计算" if case.status is Status.SUSPENDED else "期限不变"
    if case.provisional != before["provisional"]:
        yield "期限转为暂定" if case.provisional else "暂定期限转为确定"


_NAMES = {"due_at": "整改到期", "step_due_at": "本环节到期", "look_back_due_at": "回头看到期"}
_DATA = {"due_at": "due", "step_due_at": "step_due", "look_back_due_at": "look_back_due"}
