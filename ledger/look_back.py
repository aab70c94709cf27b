"""回头看: closed cases are drawn by a seed that nobody can choose; what came back is counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters, journal
from ledger.changes import CaseState, Change, among, apply, table
from ledger.database import Ledger
from ledger.dispatching import local, log_step, plan
from ledger.reference import Reference, read
from models.assignment import Assignment
from models.case import Case, Stage, Status
from models.category import Role
from models.escalation import Outcome
from models.look_back import Draw, LookBack
from models.notice import NoticeKind
from models.person import DutyKind, Person
from models.unit import Unit
from models.verb import Verb
from models.words import Trouble
from rules import look_back as rule
from rules.agenda import Act, Look
from rules.duty import Directory, Recipient
from rules.ladder import Step

PAGE = 1000
LONGEST_SEED = 120

cases, looks, draws = table(Case), table(LookBack), table(Draw)
parts, units, people = table(Assignment), table(Unit), table(Person)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One case that was drawn. `inspector` is empty when nobody but the verifier is on duty."""

    case: str
    unit: str
    category: str
    relapse: bool
    inspector: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw, with everything somebody needs to repeat it: `rules.look_back.draw` of
    `population`, `rate` and `seed` gives `cases`."""

    at: datetime
    since: datetime | None
    seed: str
    rate: Fraction
    population: list[rule.Closed]
    cases: list[Chosen]


def draw(ledger: Ledger, at: datetime, seed: str | None = None, *, dry_run: bool = False) -> Drawn:
    """Draw among the cases verified and closed after the draw before, up to `at`.

    Without a seed it is the local date and the head of the overall chain of records, which
    nobody knows beforehand. The rate is that of the policy in force, the time limit that of each
    case's own. Where nothing was closed, nothing is written. A dry run writes nothing, and of an
    instant in the past it repeats that draw. Raises Trouble for a seed that is too long.
    """
    with ledger.transaction() as connection:
        if not dry_run:
            # Of two draws at once one waits, and then finds what the other has left: nothing.
            counters.hold(connection, "look_back")
        reference = read(connection)
        since = _last(connection, at if dry_run else None)
        rows = _population(connection, since, at)
        chosen_seed = _checked(seed) or _seed(connection, reference, at)
        rate = reference.book.policy.look_back.rate
        population = [_closed(row) for row in rows]
        drawn = {case.number for case in rule.draw(population, rate, chosen_seed)}
        inspectors = _Inspectors(connection, reference.directory, at, chosen_seed)
        sites = [_Site(row, inspectors.give(row)) for row in rows if row.number in drawn]
        found = [_chosen(site, reference, at) for site in sites]
        answer = Drawn(at, since, chosen_seed, rate, population, found)
        if population and not dry_run:
            _write(connection, reference, answer, sites)
    return answer


def _checked(seed: str | None) -> str | None:
    seed = seed and seed.strip()
    if seed and len(seed) > LONGEST_SEED:
        raise Trouble(
            f"种子太长：最多 {LONGEST_SEED} 个字符。",
            f"The seed is too long: at most {LONGEST_SEED} characters.",
        )
    return seed


def _seed(connection: Connection, reference: Reference, at: datetime) -> str:
    head = journal.tip(connection)
    return f"{at.astimezone(reference.zone):%Y-%m-%d} {head.hash if head else ''}".strip()


def _last(connection: Connection, before: datetime | None) -> datetime | None:
    """The instant of the last draw; where `before` is given, of the last one before it."""
    query = sa.select(sa.func.max(draws.c.at))
    if before is not None:
        query = query.where(draws.c.at < before)
    found: datetime | None = connection.execute(query).scalar()
    return found


def _population(connection: Connection, since: datetime | None, at: datetime) -> Sequence[Any]:
    """The cases a draw is among, held until it is done."""
    columns = ("id", "number", "policy_id", "verified_by", "category_code", "relapses",
               "recurrence_of")  # fmt: skip
    query = (
        sa.select(*(cases.c[name] for name in columns), units.c.code, parts.c.unit_id)
        .outerjoin(parts, _leads(cases.c.id))
        .outerjoin(units, units.c.id == parts.c.unit_id)
        .where(
            cases.c.status == Status.CLOSED,
            cases.c.dispatched_at.is_not(None),
            cases.c.closed_at <= at,
            # What a draw in the past had opened is no hindrance to repeating it.
            sa.or_(cases.c.look_back_from.is_(None), cases.c.look_back_from >= at),
        )
        .order_by(cases.c.id)
        .with_for_update(of=cases)
    )
    if since is not None:
        query = query.where(cases.c.closed_at > since)
    return connection.execute(query).all()


def _leads(case_id: sa.ColumnElement[int], at: Any = None) -> sa.ColumnElement[bool]:
    """Assignments of whoever leads a case now, or led it at an instant."""
    mine = sa.and_(parts.c.case_id == case_id, parts.c.role == Role.LEAD)
    if at is None:
        return sa.and_(mine, parts.c.ended_at.is_(None))
    return sa.and_(
        mine, parts.c.started_at < at, sa.or_(parts.c.ended_at.is_(None), parts.c.ended_at >= at)
    )


def _closed(row: Any) -> rule.Closed:
    relapse = bool(row.relapses or row.recurrence_of)
    return rule.Closed(row.number, row.code or "", row.category_code or "", relapse)


# -- who looks ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Site:
    """A case that was drawn, and who looks back at it."""

    row: Any
    who: Recipient | None


class _Inspectors:
    """Everybody on duty as an inspector at an instant, with what waits for each of them."""

    def __init__(
        self, connection: Connection, directory: Directory, at: datetime, seed: str
    ) -> None:
        held = [*directory.duties, *directory.rotas]
        own = dict.fromkeys(unit for unit, duty in held if duty is DutyKind.INSPECTOR)
        on_duty = (directory.who(unit, DutyKind.INSPECTOR, at) for unit in own)
        self._people = {who.person_id: who for found in on_duty for who in found}
        self._loads = _loads(connection)
        self._seed = seed

    def give(self, row: Any) -> Recipient | None:
        """The inspector of one more case."""
        candidates = self._people.values()
        who = rule.inspector(candidates, row.verified_by, self._loads, self._seed, row.number)
        if who is not None:
            self._loads[who.person_id] += 1
        return who


def _loads(connection: Connection) -> Counter[int]:
    mine = looks.c.inspector_id
    query = (
        sa.select(mine, sa.func.count())
        .where(looks.c.done_at.is_(None), mine.is_not(None))
        .group_by(mine)
    )
    return Counter({row[0]: row[1] for row in connection.execute(query)})


# -- writing -----------------------------------------------------------------------------------


def _chosen(site: _Site, reference: Reference, at: datetime) -> Chosen:
    row, one = site.row, _closed(site.row)
    book = reference.books[row.policy_id]
    due = book.deadline(book.policy.stages[Stage.LOOK_BACK].limit, at).due_at
    name = site.who.person if site.who else ""
    return Chosen(one.number, one.unit, one.category, one.relapse, name, due)


def _write(
    connection: Connection, reference: Reference, drawn: Drawn, sites: Sequence[_Site]
) -> None:
    draw_id = _keep(connection, drawn)
    states = _states(connection, [site.row.id for site in sites])
    changes = []
    for site, chosen in zip(sites, drawn.cases, strict=True):
        change = Change(CaseState(states[site.row.id]))
        _open(change, reference, drawn, site, chosen)
        change.more.append((LookBack, _row(site, chosen, draw_id, drawn.at)))
        changes.append(change)
    apply(connection, changes)


def _keep(connection: Connection, drawn: Drawn) -> int:
    row = {
        "at": drawn.at, "since": drawn.since, "seed": drawn.seed, "rate": str(drawn.rate),
        "population": len(drawn.population), "drawn": len(drawn.cases),
    }  # fmt: skip
    result = connection.execute(sa.insert(draws).values(**row).returning(draws.c.id))
    return int(result.scalar_one())


def _states(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    pages = (ids[i : i + PAGE] for i in range(0, len(ids), PAGE))
    queries = (sa.select(cases).where(among(connection, cases.c.id, page)) for page in pages)
    return {row["id"]: row for query in queries for row in connection.execute(query).mappings()}


def _row(site: _Site, chosen: Chosen, draw_id: int, at: datetime) -> dict[str, Any]:
    return {
        "case_id": site.row.id, "draw_id": draw_id, "drawn_at": at, "due_at": chosen.due_at,
        "inspector_id": site.who.person_id if site.who else None, "actor": "", "reason": "",
    }  # fmt: skip


def _open(change: Change, reference: Reference, drawn: Drawn, site: _Site, chosen: Chosen) -> None:
    """The look-back's clock starts; whoever looks is told, or the office that nobody can."""
    case, at = change.case, drawn.at
    book = reference.books[case.policy_id]
    case.set(
        look_backs=case.look_backs + 1,
        look_back_from=at,
        look_back_due_at=chosen.due_at,
        inspector_id=site.who.person_id if site.who else None,
    )
    why = "反弹案件，必须回头看" if chosen.relapse else "抽中回头看"
    who = f"由{chosen.inspector}进行" if site.who else NOBODY_ELSE
    by = local(chosen.due_at, reference)
    said = f"{why}，{who}，{by} 到期。种子：{drawn.seed}。"
    change.record(
        Verb.DRAW, at, said, seed=drawn.seed, inspector=chosen.inspector,
        due=chosen.due_at.isoformat(),
    )  # fmt: skip
    office = reference.directory.who(site.row.unit_id, DutyKind.OFFICE, at)
    told = (site.who,) if site.who else office
    key = f"look_back:{case.number}:{case.look_backs}"
    # A draw before opening rings nobody out of bed.
    opens = book.worktime.next_open(at) if book.policy.hold_reminders else None
    reason = why if site.who else f"{why}，{NOBODY_ELSE}，请安排他人"
    keys = change.owe(NoticeKind.LOOK_BACK, at, told, key, not_before=opens, reason=reason)
    if site.who is None:
        _log_nobody(change, told, keys, site.row.unit_id, at)
    plan(change, book)


NOBODY_ELSE = "没有核查人以外的检查员在岗"


def _log_nobody(
    change: Change, told: Sequence[Recipient], keys: Sequence[str], unit: int | None, at: datetime
) -> None:
    """The escalation log keeps what could not be carried out."""
    look = Look(at, Stage.LOOK_BACK, Act.REMIND, "抽中", tell=(DutyKind.INSPECTOR,))
    names = "、".join(f"{r.duty.words.zh}{r.person}" for r in told)
    said = f"{NOBODY_ELSE}，{f'改告{names}' if names else '无人可告'}。"
    log_step(change, Step(look, Outcome.NOBODY, tuple(told)), said, keys, unit, at)


# -- looking -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """One look-back that nobody has made yet. `unit` is the name of the case's lead."""

    case: str
    place: str
    problem: str
    unit: str
    inspector: str
    drawn_at: datetime
    due_at: datetime


def waiting(ledger: Ledger) -> list[Waiting]:
    """Every look-back still open, the one due first at the top."""
    query = (
        sa.select(
            cases.c.number, cases.c.place, cases.c.problem,
            sa.func.coalesce(units.c.name, ""), sa.func.coalesce(people.c.name, ""),
            looks.c.drawn_at, cases.c.look_back_due_at,
        )
        .select_from(looks)
        .join(cases, cases.c.id == looks.c.case_id)
        .outerjoin(parts, _leads(cases.c.id))
        .outerjoin(units, units.c.id == parts.c.unit_id)
        .outerjoin(people, people.c.id == looks.c.inspector_id)
        .where(looks.c.done_at.is_(None), cases.c.look_back_due_at.is_not(None))
        .order_by(cases.c.look_back_due_at, cases.c.number)
    )  # fmt: skip
    with ledger.transaction() as connection:
        return [Waiting(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Relapses:
    """What came back on one unit: `found` by looking back, `reported` as new findings.

    A unit without a code stands for cases that nobody led: they were fixed on the spot.
    """

    unit: str
    name: str
    found: int = 0
    reported: int = 0


def relapses(ledger: Ledger, since: datetime, until: datetime) -> list[Relapses]:
    """Relapses from `since` up to, not including, `until`, the most at the top.

    Each counts against the unit that led the case when it came back. A recurrence that was
    rejected, cancelled or merged into another case is none.
    """
    with ledger.transaction() as connection:
        found = _by_unit(connection, _found(since, until))
        reported = _by_unit(connection, _reported(since, until))
    rows = [Relapses(*unit, found[unit], reported[unit]) for unit in {*found, *reported}]
    return sorted(rows, key=lambda row: (-row.found - row.reported, row.unit))


def _by_unit(connection: Connection, query: sa.Select[Any]) -> Counter[tuple[str, str]]:
    return Counter({(row[0] or "", row[1] or ""): row[2] for row in connection.execute(query)})


def _found(since: datetime, until: datetime) -> sa.Select[Any]:
    at = looks.c.done_at
    led = sa.outerjoin(looks, parts, _leads(looks.c.case_id, at))
    query = _counted(led).where(looks.c.passed.is_(sa.false()))
    return query.where(at >= since, at < until)


def _reported(since: datetime, until: datetime) -> sa.Select[Any]:
    at = cases.c.reported_at
    led = sa.outerjoin(cases, parts, _leads(cases.c.recurrence_of, at))
    query = _counted(led).where(cases.c.recurrence_of.is_not(None), cases.c.status.not_in(_NONE))
    return query.where(at >= since, at < until)


_NONE = (Status.REJECTED, Status.CANCELLED, Status.MERGED)


def _counted(led: sa.Join) -> sa.Select[Any]:
    columns = (units.c.code, units.c.name)
    return (
        sa.select(*columns, sa.func.count())
        .select_from(led.outerjoin(units, units.c.id == parts.c.unit_id))
        .group_by(*columns)
    )
