"""上报: an inspector's finding comes in by the portal, once, and what became of it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.intake import Answer, Origin, receive
from ledger.nearby import areas_of, inspected
from ledger.reference import Reference
from ledger.scope import is_open, visible
from models.case import Case, Status
from models.finding import Draft, Finding, FindingOutcome
from models.photo import Photo
from models.words import Trouble, Words
from rules.lifecycle import OPEN_STATUSES
from rules.permission import Viewer

PAGE = 30
LONGEST_KEY = 80
_ROW = "1"


def hand_in(ledger: Ledger, viewer: Viewer, draft: Draft, key: str, at: datetime) -> Answer:
    """Take one finding of a viewer in, under a key that their browser made up for it.

    The same key of the same account is taken once: asked again, the answer is the one it had.
    Raises Trouble for a case it cannot join and for pictures that are not there; then nothing
    is written.
    """
    paper = f"portal:{viewer.account_id}:{key[:LONGEST_KEY]}"
    origin = Origin(sha256(paper.encode()).hexdigest(), f"{viewer.name}现场上报")
    if draft.joins and _first(ledger, origin) is None:
        _check_joins(ledger, viewer, draft.joins)
    whole = replace(draft, row=_ROW, person_id=viewer.person_id, inspector=viewer.name)
    [[answer]] = receive(ledger, origin, [whole], at)
    if answer.outcome is FindingOutcome.UNCHANGED:
        return _first(ledger, origin) or answer
    return answer


def _first(ledger: Ledger, origin: Origin) -> Answer | None:
    """What was answered when this paper came for the first time, if it did."""
    findings, cases = table(Finding), table(Case)
    key = sha256(f"{origin.digest}\n{_ROW}".encode()).hexdigest()
    query = (
        sa.select(findings.c.outcome, findings.c.reason, cases.c.number)
        .outerjoin(cases, cases.c.id == findings.c.case_id)
        .where(findings.c.key == key)
    )
    with ledger.snapshot() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Answer(_ROW, row.outcome, row.number, Words(*json.loads(row.reason)))


def _check_joins(ledger: Ledger, viewer: Viewer, number: str) -> None:
    """Whoever joins a case sees it from then on: only what they could be shown may be joined."""
    cases = table(Case)
    with ledger.snapshot() as connection:
        known = sa.or_(inspected(connection, viewer), visible(connection, viewer))
        query = sa.select(cases.c.id).where(cases.c.number == number, is_open, known)
        if connection.execute(query).first() is None:
            raise Trouble(
                f"要并入的案件 {number[:32]} 已经办结，或不在您的范围内。"
                "请去掉“并入”，作为新问题上报。",
                f"The case {number[:32]} it should join is closed by now, or not within your "
                "scope. Hand it in as a new problem.",
            )


# -- which area --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One area somebody may hand in for; `depth` counts those above it."""

    name: str
    depth: int


def areas_to_choose(ledger: Ledger, viewer: Viewer, reference: Reference) -> list[Choice]:
    """The areas a viewer may hand in for, each after the one it lies in."""
    with ledger.snapshot() as connection:
        mine = areas_of(connection, viewer)
    found = [
        (path, name)
        for name, (area, path) in reference.areas.items()
        if mine is None or area in mine
    ]
    top = min((path.count("/") for path, _ in found), default=0)
    return [Choice(name, path.count("/") - top) for path, name in sorted(found, key=_in_order)]


def _in_order(found: tuple[str, str]) -> list[int]:
    """Paths as numbers: "/1/10/" comes after "/1/9/"."""
    return [int(part) for part in found[0].split("/") if part]


def area_for(choices: Sequence[Choice], named: str, place: str) -> str:
    """The area as chosen; else one that the place names; else the one that holds all others.

    Raises Trouble for an area in which the viewer does not inspect.
    """
    names = [choice.name for choice in choices]
    if named and named not in names:
        raise Trouble(
            f"“{named[:30]}”不在您检查的辖区内。请从列表里选，或请管理员调整您的辖区。",
            f"You do not inspect in {named[:30]!r}. Choose an area of the list, or ask the "
            "administrator to widen yours.",
        )
    told = sorted((name for name in names if name in place), key=len, reverse=True)
    tops = [choice.name for choice in choices if choice.depth == 0]
    return named or next(iter(told), "") or (tops[0] if len(tops) == 1 else "")


# -- what became of it -------------------------------------------------------------------------


class Become(StrEnum):
    """What a list of findings is narrowed to: cases open, cases ended, findings not taken."""

    ALL = ""
    OPEN = "open"
    ENDED = "ended"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One finding of a viewer, and how its case stands now."""

    id: int
    taken_at: datetime
    place: str
    problem: str
    outcome: FindingOutcome
    reason: Words
    number: str | None
    status: Status | None
    due_at: datetime | None
    closed_at: datetime | None
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `after` is the key to ask for the next one with, empty at the end."""

    lines: Sequence[HandedIn]
    after: str = ""


def handed_in(
    ledger: Ledger, viewer: Viewer, become: Become = Become.ALL, after: str = "", size: int = PAGE
) -> Page:
    """What a viewer handed in, newest first."""
    findings, cases = table(Finding), table(Case)
    query = (
        sa.select(
            *(findings.c[name] for name in ("id", "taken_at", "place", "problem", "outcome",
                                            "reason", "case_id")),
            cases.c.number, cases.c.status, cases.c.due_at, cases.c.closed_at,
        )
        .outerjoin(cases, cases.c.id == findings.c.case_id)
        .where(findings.c.person_id == viewer.person_id, _became(become))
        .order_by(findings.c.id.desc())
        .limit(size + 1)
    )  # fmt: skip
    if after.isdecimal() and len(after) < 10:
        query = query.where(findings.c.id < int(after))
    with ledger.snapshot() as connection:
        rows = connection.execute(query).all()
        shown = _pictures(connection, viewer, [row.case_id for row in rows if row.case_id])
    lines = [_handed_in(row, shown.get(row.case_id, 0)) for row in rows[:size]]
    return Page(lines, str(rows[size - 1].id) if len(rows) > size else "")


def _became(become: Become) -> sa.ColumnElement[bool]:
    cases, findings = table(Case), table(Finding)
    return {
        Become.ALL: sa.true(),
        Become.OPEN: cases.c.status.in_(OPEN_STATUSES),
        Become.ENDED: cases.c.status.not_in(OPEN_STATUSES),
        Become.REFUSED: findings.c.outcome == FindingOutcome.REJECTED,
    }[become]


def _pictures(connection: Connection, viewer: Viewer, ids: Sequence[int]) -> dict[int, int]:
    """How many pictures of the viewer belong to each of these cases."""
    rows = table(Photo)
    query = (
        sa.select(rows.c.case_id, sa.func.count().label("many"))
        .where(rows.c.case_id.in_(ids), rows.c.person_id == viewer.person_id)
        .group_by(rows.c.case_id)
    )
    return {row.case_id: row.many for row in connection.execute(query)}


def _handed_in(row: Any, photos: int) -> HandedIn:
    return HandedIn(
        row.id, row.taken_at, row.place, row.problem, row.outcome, Words(*json.loads(row.reason)),
        row.number, row.status, row.due_at, row.closed_at, photos,
    )  # fmt: skip


# -- pictures that wait ------------------------------------------------------------------------


def waiting_picture(ledger: Ledger, person_id: int, source: str, name: str) -> Any:
    """The picture of this very file and name that waits already: its id and path, or None.

    A phone whose connection broke sends a picture again.
    """
    rows = table(Photo)
    query = sa.select(rows.c.id, rows.c.path).where(
        rows.c.source == source,
        rows.c.person_id == person_id,
        rows.c.name == name,
        rows.c.case_id.is_(None),
    )
    with ledger.snapshot() as connection:
        return connection.execute(query.limit(1)).one_or_none()


# -- which categories --------------------------------------------------------------------------


def often(ledger: Ledger, latest: int = 1000) -> list[str]:
    """The codes of the categories of the latest cases, the one met most often first."""
    cases = table(Case)
    last = sa.select(cases.c.category_code).order_by(cases.c.id.desc()).limit(latest).subquery()
    query = sa.select(last.c.category_code).where(last.c.category_code.is_not(None))
    with ledger.snapshot() as connection:
        counts = Counter(connection.execute(query).scalars())
    return [code for code, _ in counts.most_common()]
