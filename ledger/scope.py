"""可见范围: which cases a viewer may see, as a condition on every query.

What is out of scope does not exist: by list, by number, by photo and by export alike.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from models.account import AccountRole
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Role
from models.finding import Finding
from models.unit import Area, Unit
from models.words import Trouble
from rules.lifecycle import OPEN_STATUSES
from rules.permission import Concern, Grant, Viewer

_OF_UNITS = {AccountRole.CONTACT, AccountRole.HEAD}
_OF_AREAS = {AccountRole.SUPERVISOR: Concern.SUPERVISOR, AccountRole.LEADER: Concern.LEADER}

is_open = table(Case).c.status.in_(
    sa.bindparam(
        "open",
        [status for status in Status if status in OPEN_STATUSES],
        expanding=True,
        # Written into the statement, as the partial indexes of open cases have it.
        literal_execute=True,
    )
)


def visible(
    connection: Connection, viewer: Viewer, *, waiting: bool = False
) -> sa.ColumnElement[bool]:
    """The condition on `case_` that holds for what the viewer may see, and for nothing else.

    With `waiting`, beside `is_open`: it need not hold for closed cases, and costs less.
    """
    cases = table(Case)
    if viewer.case_id is not None:
        return cases.c.id == viewer.case_id
    ways = [_by(connection, grant, viewer.person_id, waiting) for grant in viewer.grants]
    return sa.or_(sa.false(), *ways)


def units_under(connection: Connection, roots: Iterable[int]) -> set[int]:
    """These units and all below them."""
    return _under(connection, table(Unit), roots)


def areas_under(connection: Connection, roots: Iterable[int]) -> set[int]:
    """These areas and all within them."""
    return _under(connection, table(Area), roots)


def _under(connection: Connection, tree: sa.Table, roots: Iterable[int]) -> set[int]:
    rows = connection.execute(sa.select(tree.c.id, tree.c.parent_id)).all()
    found, new = set[int](), set(roots)
    while new:
        found |= new
        new = {row.id for row in rows if row.parent_id in new} - found
    return found


def case_for(connection: Connection, viewer: Viewer, number: str) -> Any:
    """The row of a case, if the viewer may see it. Raises Missing, as if there were none."""
    cases = table(Case)
    query = sa.select(cases).where(cases.c.number == number, visible(connection, viewer))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Missing.case(number)
    return row


class Missing(Trouble):
    """There is no such thing, or not for whoever asks: the two cannot be told apart."""

    @classmethod
    def case(cls, number: str) -> "Missing":
        """Of a case."""
        return cls(
            f"没有编号为 {number[:32]} 的案件，或不在您的范围内。请核对案号，或从列表进入。",
            f"There is no case {number[:32]}, or not within your scope. Check the number, or "
            "come by the list.",
        )


def concerns(connection: Connection, viewer: Viewer, case: Any) -> frozenset[Concern]:
    """How the viewer is concerned with a case they may see."""
    return frozenset(_concerns(connection, viewer, case))


def own_parts(connection: Connection, viewer: Viewer, case_id: int) -> Sequence[Any]:
    """The parts of the viewer's own units in a case: unit_id, name and role, the lead's first."""
    mine = {grant.unit_id for grant in viewer.grants if grant.role in _OF_UNITS}
    if viewer.case_id is not None:
        mine = {viewer.unit_id}
    parts, units = table(Assignment), table(Unit)
    under = units_under(connection, [unit for unit in mine if unit is not None])
    query = (
        sa.select(parts.c.unit_id, units.c.name, parts.c.role)
        .join(units, parts.c.unit_id == units.c.id)
        .where(parts.c.case_id == case_id, parts.c.unit_id.in_(under), parts.c.ended_at.is_(None))
        .order_by(parts.c.id)
    )
    return sorted(connection.execute(query).all(), key=lambda part: part.role is not Role.LEAD)


def _by(
    connection: Connection, grant: Grant, person_id: int, waiting: bool = False
) -> sa.ColumnElement[bool]:
    """What one grant shows."""
    cases = table(Case)
    if grant.role is AccountRole.INSPECTOR:
        findings = table(Finding)
        handed_in = sa.select(findings.c.case_id).where(findings.c.person_id == person_id)
        to_verify = cases.c.status == Status.SUBMITTED
        return sa.or_(
            cases.c.id.in_(handed_in),
            sa.and_(cases.c.inspector_id == person_id, cases.c.look_back_due_at.is_not(None)),
            sa.and_(to_verify, _in_area(connection, grant)),
        )
    if grant.role in _OF_UNITS or (grant.role is AccountRole.LEADER and grant.unit_id):
        return _of_units(connection, grant, waiting)
    if grant.role in _OF_AREAS:
        return _in_area(connection, grant)
    return sa.false()


def _in_area(connection: Connection, grant: Grant) -> sa.ColumnElement[bool]:
    """Within the area. The root of them is the whole city: there also what has no area lies."""
    if grant.area_id is None:
        return sa.true()
    areas = table(Case).c.area_id
    inside = areas.in_(areas_under(connection, [grant.area_id]))
    return sa.or_(inside, areas.is_(None)) if _is_root(connection, grant.area_id) else inside


def _is_root(connection: Connection, area_id: int) -> bool:
    areas = table(Area)
    query = sa.select(areas.c.parent_id).where(areas.c.id == area_id)
    return connection.execute(query).scalar_one_or_none() is None


def _of_units(connection: Connection, grant: Grant, waiting: bool) -> sa.ColumnElement[bool]:
    """Cases in which a unit of the subtree has a part now."""
    if grant.unit_id is None:
        return sa.false()
    cases, parts = table(Case), table(Assignment)
    mine = sa.and_(
        parts.c.unit_id.in_(units_under(connection, [grant.unit_id])),
        parts.c.ended_at.is_(None),
        *([parts.c.case_open] if waiting else []),
    )
    if grant.area_id is not None:
        return sa.and_(
            cases.c.id.in_(sa.select(parts.c.case_id).where(mine)), _in_area(connection, grant)
        )
    return cases.c.id.in_(sa.select(parts.c.case_id).where(mine))


def _concerns(connection: Connection, viewer: Viewer, case: Any) -> Iterable[Concern]:
    if viewer.case_id is not None:
        yield Concern.INFORMED
        if viewer.unit_id is not None:
            yield from _parts(connection, case.id, {viewer.unit_id})
    if case.inspector_id == viewer.person_id and case.look_back_due_at is not None:
        yield Concern.LOOKS_BACK
    for grant in viewer.grants:
        yield from _concern(connection, grant, viewer.person_id, case)


def _concern(connection: Connection, grant: Grant, person_id: int, case: Any) -> Iterable[Concern]:
    if grant.role is AccountRole.INSPECTOR:
        if _handed_in(connection, person_id, case.id):
            yield Concern.REPORTER
        if case.status is Status.SUBMITTED and _lies_in(connection, grant, case):
            yield Concern.VERIFIER
    elif grant.role in _OF_UNITS and grant.unit_id is not None:
        if _lies_in(connection, grant, case):
            yield from _parts(connection, case.id, units_under(connection, [grant.unit_id]))
    elif grant.role in _OF_AREAS and _seen_by(connection, grant, case):
        yield _OF_AREAS[grant.role]


def _seen_by(connection: Connection, grant: Grant, case: Any) -> bool:
    condition = _by(connection, grant, 0)
    query = sa.select(table(Case).c.id).where(table(Case).c.id == case.id, condition)
    return connection.execute(query).first() is not None


def _lies_in(connection: Connection, grant: Grant, case: Any) -> bool:
    if grant.area_id is None or case.area_id in areas_under(connection, [grant.area_id]):
        return True
    return case.area_id is None and _is_root(connection, grant.area_id)


def _handed_in(connection: Connection, person_id: int, case_id: int) -> bool:
    findings = table(Finding)
    query = sa.select(findings.c.id).where(
        findings.c.case_id == case_id, findings.c.person_id == person_id
    )
    return connection.execute(query).first() is not None


def _parts(connection: Connection, case_id: int, units: set[int]) -> Iterable[Concern]:
    parts = table(Assignment)
    query = sa.select(parts.c.role).where(
        parts.c.case_id == case_id, parts.c.unit_id.in_(units), parts.c.ended_at.is_(None)
    )
    for role in connection.execute(query).scalars():
        yield Concern.LEAD if role is Role.LEAD else Concern.ASSISTING
