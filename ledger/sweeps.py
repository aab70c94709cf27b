"""巡查: claim what is worth a look, judge it again from the row as it is, write what follows.

Several sweeps may run side by side: on PostgreSQL each claims rows the others have not
(SKIP LOCKED), on SQLite they take turns. A sweep killed at any instant leaves only whole
batches behind; what it had claimed is free again.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.batches import Counts, Work
from ledger.changes import CaseState, Change, among, apply, table
from ledger.database import DatabaseTrouble, Ledger
from ledger.desk.time import resume
from ledger.dispatching import Claim, choose_limit, decide, dispatch, hold, log_step, plan
from ledger.log import done_of
from ledger.parts import answering_of
from ledger.reference import Reference, current
from ledger.setting_aside import DISPATCH, FOLLOW_UP
from models.case import Case, Pause, Stage, Status
from models.columns import Instant
from models.escalation import Outcome
from models.finding import Finding
from models.notice import NoticeKind
from models.person import DutyKind
from models.unit import Area
from rules.addressees import Answering, addressees, helpers
from rules.agenda import Act, Book, agenda
from rules.duty import Recipient
from rules.ladder import Step, judge
from rules.limits import LimitUnit
from rules.routing import Undecided

BATCH = 1000

_log = logging.getLogger("duban.sweeps")


def follow_up(
    ledger: Ledger, at: datetime, batch: int = BATCH, shards: Sequence[int] | None = None
) -> Counts:
    """Judge every case whose next look has come by `at`, of all shards or of some.

    Counts `looked`, `reminded`, `escalated`, `skipped`, `nobody`, `resumed`; `aside` are cases
    that could not be judged. A shard that fails leaves the others done; then the first failure
    is raised.
    """
    counts: Counts = Counter()
    failed: list[Exception] = []
    work = Work(ledger, FOLLOW_UP, _look, at, batch)
    left = _together(_due_by_shard(ledger, at, shards), batch)
    while left:
        some = left.pop(0)
        try:
            counts += work.until_none_left(_due(at, some))
        except DatabaseTrouble:
            raise
        except Exception as error:
            _log.exception("shards %s could not be followed up", some)
            if work.hopeless:
                raise
            if len(some) == 1:
                failed.append(error)
            else:  # one by one it shows whose fault it is
                left += [[shard] for shard in some]
    if failed:
        raise failed[0]
    return counts


def due_shards(ledger: Ledger, at: datetime, among: Sequence[int] | None = None) -> Sequence[int]:
    """The shards in which a case waits for a look as of `at`."""
    return sorted(_due_by_shard(ledger, at, among))


def _due_by_shard(ledger: Ledger, at: datetime, among: Sequence[int] | None) -> dict[int, int]:
    cases = table(Case)
    # Not the bare column: SQLite would read the index by shards from end to end, due or not.
    shard = (cases.c.shard + 0).label("shard")
    query = sa.select(shard, sa.func.count()).where(cases.c.next_look_at <= at)
    if among is not None:
        query = query.where(cases.c.shard.in_(among))
    with ledger.snapshot() as connection:
        return dict(connection.execute(query.group_by(shard)).tuples().all())


def _together(due: Mapping[int, int], batch: int) -> list[list[int]]:
    """Shards that fill a batch with one another: a few cases each must not take one each."""
    hands: list[list[int]] = []
    room = 0
    for shard, count in sorted(due.items()):
        if room < count:
            hands.append([])
            room = batch
        hands[-1].append(shard)
        room -= count
    return hands


def dispatch_filed(ledger: Ledger, at: datetime, batch: int = BATCH) -> Counts:
    """Dispatch every case that is filed; counts `dispatched`, `undecided` and `aside`."""
    return Work(ledger, DISPATCH, _dispatch, at, batch).until_none_left(_filed())


def reconsider(ledger: Ledger, at: datetime) -> Counts:
    """Try again to dispatch undecided cases, after units or routes have been added."""
    cases = table(Case)
    counts: Counts = Counter()
    reference: Reference | None = None
    last = 0
    while True:
        query = (
            sa.select(cases)
            .where(cases.c.status == Status.UNDECIDED, cases.c.id > last)
            .order_by(cases.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        with ledger.transaction() as connection:
            rows = connection.execute(query).mappings().all()
            if not rows:
                return counts
            last = rows[-1]["id"]
            reference = current(connection, reference)
            _dispatch(connection, reference, rows, at, counts)


_NOT_JUDGED = {"place", "place_key", "problem", "severity", "reports", "reported_at", "closed_at"}
"""What a look never asks of a case: long texts and instants that would be read in vain."""


def _due(at: datetime, shards: Sequence[int]) -> sa.Select[Any]:
    cases = table(Case)
    return (
        sa.select(*(column for column in cases.c if column.name not in _NOT_JUDGED))
        .where(cases.c.shard.in_(shards), cases.c.next_look_at <= at)
        .order_by(cases.c.next_look_at, cases.c.id)
        .with_for_update(skip_locked=True)
    )


def _filed() -> sa.Select[Any]:
    cases = table(Case)
    return (
        sa.select(cases)
        .where(cases.c.status == Status.FILED)
        .order_by(cases.c.id)
        .with_for_update(skip_locked=True)
    )


# -- follow-up ---------------------------------------------------------------------------------


def _look(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    at: datetime,
    counts: Counts,
) -> None:
    ids = [row["id"] for row in rows]
    done = done_of(connection, ids)
    answers = answering_of(connection, {row["id"]: row["inspector_id"] for row in rows})
    pauses = pauses_of(connection, ids, at)
    changes = []
    for row in rows:
        change, case_id = Change(CaseState(row)), row["id"]
        mine, rests = done[case_id], pauses[case_id]
        _look_at(change, reference, answers[case_id], rests, mine, at, counts)
        changes.append(change)
    apply(connection, changes)


def _look_at(
    change: Change,
    reference: Reference,
    answering: Answering,
    pauses: Sequence[tuple[datetime, datetime]],
    done: set[tuple[int, Stage, int, str]],
    at: datetime,
    counts: Counts,
) -> None:
    case = change.case
    book = reference.books[case.policy_id]
    looks = agenda(case, book, case.looked_until, pauses)

    def who(duties: tuple[DutyKind, ...]) -> tuple[Recipient, ...]:
        return addressees(reference.directory, answering, duties, at)

    now = {(s, level, rule) for clock, s, level, rule in done if clock == change.clock(s)}
    looked_until = at
    for judged in judge(looks, at, now, who):
        sent_at = _not_before(change, book, judged, at) or at
        step = _told_then(judged, reference, answering, at, sent_at)
        _carry_out(change, book, step, answering.lead, at, sent_at)
        counts[_counted(step)] += 1
        if step.look.act is Act.RESUME:
            # What has come due since it was last looked at comes next, in the same sweep.
            looked_until = case.looked_until
            resume(change, book, step.look.at, pauses)
            _tell_resumed(change, reference, book, answering, at)
    counts["looked"] += 1
    plan(change, book, looked_until, pauses)


def _tell_resumed(
    change: Change, reference: Reference, book: Book, answering: Answering, at: datetime
) -> None:
    opening = book.worktime.next_open(at) if book.policy.hold_reminders else at
    who = addressees(reference.directory, answering, (DutyKind.CONTACT,), opening)
    why = f"resumed:{change.case.number}:{change.case.old['version']}"
    change.owe(NoticeKind.RESUMED, at, who, why, opening)


def _told_then(
    step: Step, reference: Reference, answering: Answering, at: datetime, sent_at: datetime
) -> Step:
    """Who is told when it is sent: a reminder held until Monday goes to Monday's people.

    The assisting units that still owe their part are told with the lead.
    """
    if step.outcome is not Outcome.CARRIED_OUT or not step.recipients:
        return step
    directory, duties, told = reference.directory, step.look.tell, step.recipients
    if sent_at != at:
        told = addressees(directory, answering, duties, sent_at) or told
    if step.look.stage is not Stage.HANDLE or not answering.assisting:
        return replace(step, recipients=told)
    known = {who.person_id for who in told}
    also = helpers(directory, answering, duties, sent_at)
    return replace(step, recipients=(*told, *(w for w in also if w.person_id not in known)))


def _carry_out(
    change: Change, book: Book, step: Step, unit: int | None, at: datetime, sent_at: datetime
) -> None:
    look = step.look
    if look.act is Act.RESUME:
        return
    case, clock = change.case, change.clock(look.stage)
    why = f"{look.act.value}:{case.number}:{clock}:{look.stage}:{look.level}:{look.rule}"
    keys = change.owe(
        _KINDS[look.act],
        at,
        step.recipients,
        why,
        not_before=sent_at,
        stage=look.stage.value,
        level=look.level,
        title=look.title,
        rule=look.rule,
        planned=look.at.astimezone(UTC).isoformat(),
        nobody=step.outcome is Outcome.NOBODY,
    )
    log_step(change, step, _sentence(step), keys, unit, at)


_KINDS = {
    Act.REMIND: NoticeKind.REMINDER,
    Act.ESCALATE: NoticeKind.ESCALATION,
}


def _not_before(change: Change, book: Book, step: Step, at: datetime) -> datetime | None:
    """Quiet hours: a reminder waits for opening, unless the case's clock never stops."""
    if step.look.act is not Act.REMIND or not book.policy.hold_reminders:
        return None
    limit = change.case.limit
    if limit and book.limit(limit).unit is LimitUnit.CONTINUOUS_HOUR:
        return None
    return book.worktime.next_open(at)


def _sentence(step: Step) -> str:
    look = step.look
    head = f"{look.stage.words.zh}{look.rule}"
    what = f"{look.level} 级督办（{look.title}）" if look.level else look.act.words.zh
    names = "、".join(f"{r.unit}{r.duty.words.zh}{r.person}" for r in step.recipients)
    if step.outcome is Outcome.CARRIED_OUT:
        return f"{head}，{what}，告知{names}。"
    if step.outcome is Outcome.SKIPPED:
        return f"{head}，{what}：补偿执行时跳过，由更高或更近的一步代替。"
    told = f"，改告{names}" if names else "，转上一级"
    return f"{head}，{what}：{'、'.join(d.words.zh for d in look.tell)}无人在岗{told}。"


def _counted(step: Step) -> str:
    if step.outcome is Outcome.SKIPPED:
        return "skipped"
    if step.outcome is Outcome.NOBODY:
        return "nobody"
    return {
        Act.REMIND: "reminded",
        Act.ESCALATE: "escalated",
        Act.RESUME: "resumed",
    }[step.look.act]


def pauses_of(
    connection: Connection, ids: Sequence[int], at: datetime
) -> defaultdict[int, list[tuple[datetime, datetime]]]:
    """The pauses of each case; one that is still running ends where it is to end, or at `at`."""
    pauses, cases = table(Pause), table(Case)
    end = sa.func.coalesce(
        pauses.c.ended_at, cases.c.resumes_at, sa.literal(at, Instant()), type_=Instant()
    )
    query = (
        sa.select(pauses.c.case_id, pauses.c.started_at, end.label("ended"))
        .join(cases, pauses.c.case_id == cases.c.id)
        .where(among(connection, pauses.c.case_id, ids))
    )
    found: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in connection.execute(query.order_by(pauses.c.id)):
        found[row.case_id].append((row.started_at, row.ended))
    return found


# -- dispatch ----------------------------------------------------------------------------------


def _dispatch(
    connection: Connection,
    reference: Reference,
    rows: Sequence[Mapping[Any, Any]],
    at: datetime,
    counts: Counts,
) -> None:
    ids = [row["id"] for row in rows]
    claims = _claims(connection, ids)
    areas = table(Area)
    found = connection.execute(sa.select(areas.c.id, areas.c.path))
    paths = {row.id: row.path for row in found}
    changes = []
    for row in rows:
        change = Change(CaseState(row))
        _dispatch_one(change, reference, claims[row["id"]], paths.get(row["area_id"]), at)
        counts["undecided" if change.case.status is Status.UNDECIDED else "dispatched"] += 1
        changes += [change] if change.records else []
    apply(connection, changes)


def _dispatch_one(
    change: Change, reference: Reference, claim: Claim, area_path: str | None, at: datetime
) -> None:
    case, book = change.case, reference.books[change.case.policy_id]
    routed = decide(reference, claim, case.category_code, area_path, at)
    if isinstance(routed, Undecided):
        if case.status is Status.UNDECIDED:
            return None
        return hold(change, reference, book, routed.reason, at)
    limit = choose_limit(reference, book, case.limit, case.category_code)
    return dispatch(change, reference, book, routed, limit, at)


def _claims(connection: Connection, ids: Sequence[int]) -> dict[int, Claim]:
    findings = table(Finding)
    mine = among(connection, findings.c.case_id, ids)
    query = sa.select(findings.c.case_id, findings.c.paper).where(mine)
    claims = {case_id: Claim() for case_id in ids}
    for row in connection.execute(query.order_by(findings.c.id.desc())):
        paper = row.paper
        claims[row.case_id] = Claim(tuple(paper.get("units", ())), paper.get("coordinate", False))
    return claims
