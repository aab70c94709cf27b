"""重算: all cases that still have a clock, brought to the reference data and rules as they stand.

It belongs to the transaction that changes the rules: after a crash either both are done or
neither.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters
from ledger.changes import ENGINE, CaseState, Change, apply, table
from ledger.database import Ledger
from ledger.log import done_of, epoch_start
from ledger.papers import paper_limits
from ledger.parts import answering_of
from ledger.reference import Reference, read
from ledger.retiming import retime
from ledger.sweeps import pauses_of
from models.case import Case, LimitSource, Status
from models.notice import Notice, NoticeKind, NoticeState
from rules.lifecycle import OPEN_STATUSES

PAGE = 1000

Told = Callable[[int, int], object]
"""Is told how many cases of how many have been looked at."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retimed:
    """One case that was touched: its handling limit and due instants, before and after.

    Where they are alike, its policy or no more than its next looks have changed.
    """

    case: str
    unit: str
    """The lead unit's name; empty where there is none yet."""
    old_due: datetime | None
    due: datetime | None
    old_step_due: datetime | None
    step_due: datetime | None
    old_limit: str
    limit: str
    was_provisional: bool
    provisional: bool
    old_next_look: datetime | None = None
    next_look: datetime | None = None


def recompute(
    connection: Connection,
    at: datetime,
    cause: str,
    *,
    reapply: bool = False,
    actor: str = ENGINE,
    told: Told | None = None,
) -> list[Retimed]:
    """Judge every case with a clock as of `at`, and write those that differ; gives these.

    With `reapply` they take up the policy in force first. What has been submitted keeps its
    lateness and the due instant it was decided by. It runs in the transaction of the caller and
    holds all these cases until that ends; nobody opens one meanwhile.
    """
    # Before the first case, like everybody who holds both.
    counters.hold(connection, "case")
    reference = read(connection)
    total = _count(connection) if told else 0
    seen, touched = 0, list[Retimed]()
    for rows in _pages(connection):
        changes = _page(connection, reference, rows, at, cause, reapply, actor)
        touched += changes
        seen += len(rows)
        if told:
            told(seen, total)
    _ask_again(connection, at)
    return touched


def _ask_again(connection: Connection, at: datetime) -> None:
    """Let the next round ask anew of what waits for an opening, a digest, a day that is full.

    What may not be told before its day comes is no matter of hours: look-backs that were drawn.
    """
    notices = table(Notice)
    waits = (
        notices.c.state == NoticeState.OWED,
        notices.c.attempts == 0,
        notices.c.next_try_at > at,
        notices.c.kind != NoticeKind.LOOK_BACK,
    )
    connection.execute(sa.update(notices).where(*waits).values(next_try_at=at))


def load_and_recompute(
    ledger: Ledger,
    load: Callable[[Connection], T],
    at: datetime,
    cause: str,
    *,
    reapply: bool = False,
    told: Told | None = None,
) -> tuple[T, list[Retimed]]:
    """Load and recompute in one transaction; gives what was loaded and the cases touched."""
    with ledger.transaction() as connection:
        return load(connection), recompute(connection, at, cause, reapply=reapply, told=told)


def preview(
    ledger: Ledger,
    load: Callable[[Connection], T],
    at: datetime,
    cause: str,
    *,
    reapply: bool = False,
    told: Told | None = None,
) -> tuple[T, list[Retimed]]:
    """The very same, then undone: what `load_and_recompute` would answer and write."""
    answer: list[tuple[T, list[Retimed]]] = []
    try:
        with ledger.transaction() as connection:
            loaded = load(connection)
            touched = recompute(connection, at, cause, reapply=reapply, told=told)
            answer.append((loaded, touched))
            raise _Rehearsed
    except _Rehearsed:
        return answer[0]


class _Rehearsed(Exception):  # noqa: N818 - the signal that undoes a dry run
    pass


# -- which cases -------------------------------------------------------------------------------

_NOT_ASKED = {
    "place", "place_key", "problem", "severity", "reports", "reported_at", "dispatched_at",
    "submitted_at", "closed_at",
}  # fmt: skip
"""What is no matter of time: texts and instants that would be read in vain."""


def _with_a_clock() -> Any:
    """Open, or closed and not yet published or looked back at."""
    cases = table(Case)
    waits = sa.or_(cases.c.step_due_at.is_not(None), cases.c.look_back_due_at.is_not(None))
    return sa.or_(
        cases.c.status.in_(sorted(OPEN_STATUSES)), (cases.c.status == Status.CLOSED) & waits
    )


def _count(connection: Connection) -> int:
    query = sa.select(sa.func.count()).select_from(table(Case)).where(_with_a_clock())
    return int(connection.execute(query).scalar_one())


def _pages(connection: Connection) -> Iterator[Sequence[Mapping[Any, Any]]]:
    cases = table(Case)
    columns = [column for column in cases.c if column.name not in _NOT_ASKED]
    last = 0
    while True:
        query = sa.select(*columns).where(_with_a_clock(), cases.c.id > last)
        held = query.order_by(cases.c.id).limit(PAGE).with_for_update()
        rows = connection.execute(held).mappings().all()
        if not rows:
            return
        last = rows[-1]["id"]
        yield rows


# -- one page ----------------------------------------------------------------------------------


def _page(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    at: datetime,
    cause: str,
    reapply: bool,
    actor: str,
) -> list[Retimed]:
    ids = [row["id"] for row in rows]
    pauses, logged = pauses_of(connection, ids, at), done_of(connection, ids)
    answering = answering_of(connection, {row["id"]: row["inspector_id"] for row in rows})
    papers = _papers(connection, reference, rows, reapply=reapply)
    changes: list[Change] = []
    touched: list[Retimed] = []
    for row in rows:
        change, case_id, lead = Change(CaseState(row)), row["id"], answering[row["id"]].lead
        if retime(
            change, reference, pauses[case_id], at, cause, lead, actor,
            paper=papers.get(case_id, ""), logged=logged[case_id], reapply=reapply,
            epoch_from=epoch_start(connection, change.case),
        ):  # fmt: skip
            changes.append(change)
            touched.append(_retimed(change, reference, lead))
    apply(connection, changes)
    return touched


def _retimed(change: Change, reference: Reference, lead: int | None) -> Retimed:
    old, new = change.case.old, change.case
    unit = reference.directory.units.get(lead or 0)
    return Retimed(
        case=new.number,
        unit=unit.name if unit else "",
        old_due=old["due_at"],
        due=new.due_at,
        old_step_due=old["step_due_at"],
        step_due=new.step_due_at,
        old_limit=old["limit"],
        limit=new.limit,
        was_provisional=old["provisional"],
        provisional=new.provisional,
        old_next_look=old["next_look_at"],
        next_look=new.next_look_at,
    )


def _papers(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    *,
    reapply: bool,
) -> dict[int, str]:
    """The limit that the paper of each case names, read anew.

    Where a policy is applied anew it may ask the paper where the last one did not.
    """
    wanted = {
        row["id"]: reference.active if reapply else row["policy_id"]
        for row in rows
        if reapply or row["limit_source"] is LimitSource.PAPER
    }
    return paper_limits(connection, reference, wanted)
