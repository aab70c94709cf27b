"""会到哪里: where a finding would go, and why; by the functions that decide it, writing nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ledger.database import Ledger
from ledger.dispatching import Claim, choose_limit, decide
from ledger.intake import Answer, Origin, receive
from ledger.reference import Reference
from models.case import LimitSource
from models.category import Category, Role
from models.finding import Draft
from models.words import Words
from rules.acceptance import limit_named
from rules.classify import Match
from rules.duty import Recipient
from rules.ladder import UPWARDS
from rules.limits import Deadline, Limit
from rules.routing import Routed, RouteEntry, Undecided, route


@dataclass(frozen=True, slots=True)
class Filed:
    """Which category it would get: the one that is named, or the likeliest."""

    category: Category | None
    named: bool
    match: Match
    runner_up: Category | None
    enough: float
    """How sure the choice has to be; below it a person chooses."""


@dataclass(frozen=True, slots=True)
class Given:
    """To whom, for how long, and who is told."""

    units: Sequence[tuple[str, Role]]
    reason: Words
    limit: Limit
    source: LimitSource
    due: Deadline
    told: Sequence[tuple[str, Sequence[Recipient]]]
    """For each unit the people told."""


@dataclass(frozen=True, slots=True)
class Course:
    """The whole way of a finding. `given` is None where no unit can be named; `why` says why."""

    answer: Answer
    """What intake itself would answer."""
    filed: Filed
    given: Given | None
    why: Words
    fitting: Sequence[RouteEntry]
    """Every route that fits, of which the most exact counts."""


def course(ledger: Ledger, reference: Reference, draft: Draft, at: datetime) -> Course:
    """Where a finding handed in now would go. Raises Trouble when its limit cannot be read."""
    name = sha256(repr(draft).encode()).hexdigest()
    [[answer]] = receive(ledger, Origin(name, "试一试"), [draft], at, dry_run=True)
    filed = _file(reference, draft)
    code = filed.category.code if filed.category else None
    _, path = reference.areas.get(draft.area, (None, None))
    routed = decide(reference, Claim(draft.units, draft.coordinate), code, path, at)
    fitting = [] if draft.units else _fitting(reference, code, path, at)
    given = _give(reference, draft, routed, code, at) if isinstance(routed, Routed) else None
    return Course(answer, filed, given, routed.reason, fitting)


def _file(reference: Reference, draft: Draft) -> Filed:
    classifier, enough = reference.classifier, reference.book.policy.confident
    match = classifier.match(draft.problem, draft.place)
    named = classifier.by_name(draft.category) if draft.category else None
    sure = match.code if match.confidence >= enough else None
    return Filed(
        reference.categories.get(named or sure or ""),
        bool(named),
        match,
        reference.categories.get(match.runner_up or ""),
        enough,
    )


def _fitting(
    reference: Reference, code: str | None, path: str | None, at: datetime
) -> list[RouteEntry]:
    """The routes that alone would answer."""
    on = at.astimezone(reference.zone).date()
    alone = ((entry, route(code, path, on, [entry])) for entry in reference.routes)
    return [entry for entry, answer in alone if not isinstance(answer, Undecided)]


def _give(
    reference: Reference, draft: Draft, routed: Routed, code: str | None, at: datetime
) -> Given:
    book, directory = reference.book, reference.directory
    today = at.astimezone(reference.zone).date()
    paper = limit_named(draft.limit, today, book)
    limit, source = choose_limit(reference, book, str(paper) if paper else "", code)
    told = [
        (directory.units[unit].name, directory.nearest(unit, UPWARDS, at))
        for unit, _ in routed.units
    ]
    return Given(
        [(directory.units[unit].name, role) for unit, role in routed.units],
        routed.reason, limit, source, book.deadline(limit, at), told,
    )  # fmt: skip
