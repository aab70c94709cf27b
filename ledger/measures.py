"""红黄牌与处置: which cards a unit was shown, what was proposed, what a supervisor decided.

The engine proposes (`ledger.proposing`); a measure is recorded by a person, by its document.
"""

from collections import Counter
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from ledger.changes import table
from ledger.database import Ledger
from ledger.desk.matter import Matter, act, needs_reason
from ledger.proposing import against, propose, reds
from models.assignment import Assignment
from models.case import Case
from models.category import Role
from models.escalation import Escalation
from models.measure import Measure, MeasureKind, Proposal, ProposalState
from models.unit import Unit
from models.verb import Verb
from models.words import Trouble, Words
from rules.lifecycle import Moved, Refused
from rules.proposals import Rule

__all__ = ["ProposalRow", "UnitCards", "cards", "dismiss", "proposals", "propose", "record_measure"]

log, cases_, parts = table(Escalation), table(Case), table(Assignment)
asked, measures, units = table(Proposal), table(Measure), table(Unit)

_RULES: dict[str, Words] = {rule.value: rule.words for rule in Rule}


# -- deciding ----------------------------------------------------------------------------------


def record_measure(
    ledger: Ledger,
    *,
    kind: MeasureKind,
    document: str,
    held_on: date,
    reason: str,
    at: datetime,
    actor: str,
    proposal: int | None = None,
    number: str | None = None,
    person: str = "",
) -> Moved | Refused:
    """Record an interview, an admonition or a reassignment under its document number.

    For a proposal, which is then closed, or for a case by number: then it concerns the unit
    that leads, or led last. Raises Trouble when there is no such proposal or case.
    """
    held = _Held(kind, document.strip(), held_on, reason.strip(), person.strip())

    def effect(matter: Matter) -> Words | None:
        if refused := _incomplete(matter, held) or _used(matter, held.document):
            return refused
        if proposal is not None and (refused := _decided(matter.connection, proposal)):
            return refused
        unit = _lead(matter) if proposal is None else _proposal(matter.connection, proposal).unit_id
        if unit is None:
            return _NEVER_LED
        _enter(matter, held, unit, proposal)
        return None

    case = _case_of(ledger, proposal, number)
    try:
        return act(ledger, case, Verb.MEASURE, at, actor, effect)
    except IntegrityError:
        # Another desk wrote the same document number in between: this time it is seen.
        return act(ledger, case, Verb.MEASURE, at, actor, effect)


def dismiss(
    ledger: Ledger, proposal: int, reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """Decide that a proposal is not followed, and why. Raises Trouble when there is none."""

    def effect(matter: Matter) -> Words | None:
        refused = needs_reason(reason) or _decided(matter.connection, proposal)
        if refused:
            return refused
        row = _proposal(matter.connection, proposal)
        what = f"{row.kind.words.zh}{matter.name(row.unit_id)}（{_RULES[row.rule].zh}）"
        matter.record(
            Verb.NOTE, f"不采纳处置建议：{what}。理由：{reason.strip()}。", proposal=proposal
        )
        _decide(matter, proposal, ProposalState.DISMISSED)
        return None

    case = _case_of(ledger, proposal, None)
    return act(ledger, case, Verb.NOTE, at, actor, effect)


@dataclass(frozen=True, slots=True)
class _Held:
    """A measure as it was handed to the desk."""

    kind: MeasureKind
    document: str
    held_on: date
    reason: str
    person: str


_NEVER_LED = Words(
    "本案从未交办，没有可处置的单位。请写明另一案号，或先交办。",
    "this case was never dispatched, so there is no unit to answer for it; name another case.",
)
_NO_DOCUMENT = Words(
    "请写明文号（120 字以内），如 澄创督约〔2026〕3号。没有文书的处置不予登记。",
    "a document number of at most 120 characters is needed; a measure without one is not recorded.",
)
_LONG_NAME = Words("当事人姓名请写在 60 字以内。", "the person's name takes 60 characters at most.")


def _incomplete(matter: Matter, held: _Held) -> Words | None:
    if not held.document or len(held.document) > 120:
        return _NO_DOCUMENT
    if len(held.person) > 60:
        return _LONG_NAME
    if held.held_on > matter.at.astimezone(matter.reference.zone).date():
        return Words(
            f"{held.kind.words.zh}日期 {held.held_on} 还没有到。请在实施之后登记。",
            f"{held.held_on} is still to come; record a measure after it was carried out.",
        )
    return needs_reason(held.reason)


def _used(matter: Matter, document: str) -> Words | None:
    """The refusal that names what a document number stands for already."""
    query = (
        sa.select(measures.c.kind, measures.c.held_on, units.c.name, cases_.c.number)
        .join(units, measures.c.unit_id == units.c.id)
        .join(cases_, measures.c.case_id == cases_.c.id)
        .where(measures.c.document == document)
    )
    first = matter.connection.execute(query).one_or_none()
    if first is None:
        return None
    return Words(
        f"文号 {document} 已登记：{first.held_on} {first.kind.words.zh}{first.name}"
        f"（案件 {first.number}）。一个文号只登记一次，请核对。",
        f"{document} is recorded already: {first.kind.words.en} of {first.name} on "
        f"{first.held_on} (case {first.number}). A document number is used once; check it.",
    )


def _lead(matter: Matter) -> int | None:
    """The unit that leads the case, or the last that did."""
    query = sa.select(parts.c.unit_id).where(
        parts.c.case_id == matter.case.id, parts.c.role == Role.LEAD
    )
    last = query.order_by(parts.c.id.desc()).limit(1)
    return matter.lead() or matter.connection.execute(last).scalar()


def _enter(matter: Matter, held: _Held, unit: int, proposal: int | None) -> None:
    name, kind = matter.name(unit), held.kind.words.zh
    whom = f"{name}（{held.person}）" if held.person else name
    row = {
        "unit_id": unit, "case_id": matter.case.id, "proposal_id": proposal, "kind": held.kind,
        "person": held.person, "document": held.document, "held_on": held.held_on,
        "reason": held.reason, "actor": matter.actor, "at": matter.at,
    }  # fmt: skip
    matter.change.more.append((Measure, row))
    matter.record(
        Verb.MEASURE,
        f"{held.held_on} {kind}{whom}，文号 {held.document}。理由：{held.reason}。",
        kind=held.kind.value, unit=name, unit_id=unit, person=held.person,
        document=held.document, held_on=held.held_on.isoformat(), proposal=proposal,
    )  # fmt: skip
    if proposal is not None:
        _decide(matter, proposal, ProposalState.RECORDED)


def _case_of(ledger: Ledger, proposal: int | None, number: str | None) -> str:
    """The number of the case a measure is about. Raises Trouble."""
    if (proposal is None) == (number is None):
        raise Trouble(
            "请写明处置建议的编号，或案号，二者择一。",
            "Name either the proposal or the case, one of the two.",
        )
    if number is not None:
        return number
    query = sa.select(cases_.c.number).join(asked, asked.c.case_id == cases_.c.id)
    with ledger.snapshot() as connection:
        found = connection.execute(query.where(asked.c.id == proposal)).scalar()
    if found is None:
        raise Trouble(
            f"没有编号为 {proposal} 的处置建议。现有的见 duban proposals。",
            f"There is no proposal {proposal}; duban proposals lists them.",
        )
    return str(found)


def _proposal(connection: Connection, proposal: int) -> Any:
    return connection.execute(sa.select(asked).where(asked.c.id == proposal)).one()


def _decided(connection: Connection, proposal: int) -> Words | None:
    """The refusal of a second decision. The case of the proposal is held, and so it is, too."""
    row = _proposal(connection, proposal)
    if row.state is ProposalState.OPEN:
        return None
    return Words(
        f"处置建议 {proposal} 已由{row.actor}办结：{row.state.words.zh}。"
        "另有处置的，请按案号登记。",
        f"proposal {proposal} was decided by {row.actor}: {row.state.words.en}. "
        "Record a further measure by the number of the case.",
    )


def _decide(matter: Matter, proposal: int, state: ProposalState) -> None:
    values = {"state": state, "decided_at": matter.at, "actor": matter.actor}
    matter.connection.execute(sa.update(asked).where(asked.c.id == proposal).values(**values))


# -- looking -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal. `case` is the one that completed the rule; `document` what was done on it."""

    id: int
    unit: str
    case: str
    kind: MeasureKind
    rule: str
    reason: str
    made_at: datetime
    state: ProposalState
    decided_at: datetime | None
    actor: str
    document: str


def proposals(ledger: Ledger, state: ProposalState | None = None) -> list[ProposalRow]:
    """The proposals of one state, or all, in the order in which they were made."""
    own = ("kind", "rule", "reason", "made_at", "state", "decided_at", "actor")
    query = (
        sa.select(
            asked.c.id,
            units.c.name.label("unit"),
            cases_.c.number.label("case"),
            *(asked.c[name] for name in own),
            sa.func.coalesce(measures.c.document, "").label("document"),
        )
        .select_from(asked)
        .join(units, asked.c.unit_id == units.c.id)
        .join(cases_, asked.c.case_id == cases_.c.id)
        .outerjoin(measures, measures.c.proposal_id == asked.c.id)
        .order_by(asked.c.id)
    )
    if state is not None:
        query = query.where(asked.c.state == state)
    with ledger.snapshot() as connection:
        return [ProposalRow(**row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class UnitCards:
    """红黄牌: what one unit was shown, and what came of it.

    `in_a_row` are its red cards since it last put something right on time, or since the last
    row of them was proposed; `proposals` those still open. Both are as of now.
    """

    unit: str
    yellow: int
    red: int
    in_a_row: int
    proposals: int
    measures: int


def cards(
    ledger: Ledger, since: datetime | None = None, until: datetime | None = None
) -> list[UnitCards]:
    """Cards shown and measures recorded from `since` up to, not including, `until`, by unit.

    Most red cards first. Units without anything are left out; cards that do not count against
    the unit (return or appeal upheld, nobody told) are not counted.
    """
    with ledger.snapshot() as connection:
        shown = _shown(connection, *_between(log.c.at, since, until))
        done = _counted(connection, measures, *_between(measures.c.at, since, until))
        waiting = _counted(connection, asked, asked.c.state == ProposalState.OPEN)
        row = {
            unit: len({red.case for red in reds(connection, unit, None)})
            for unit, colour in _shown(connection)
            if colour == "red"
        }
        names = connection.execute(sa.select(units.c.id, units.c.name)).all()
    found = [
        UnitCards(name, shown[unit, "yellow"], shown[unit, "red"], row.get(unit, 0),
                  waiting[unit], done[unit])
        for unit, name in names
    ]  # fmt: skip
    spoken = [one for one in found if any(astuple(one)[1:])]
    return sorted(spoken, key=lambda one: (-one.red, -one.yellow, one.unit))


def _between(
    column: sa.Column[Any], since: datetime | None, until: datetime | None
) -> list[sa.ColumnElement[bool]]:
    first = [] if since is None else [column >= since]
    return first if until is None else [*first, column < until]


def _shown(connection: Connection, *conditions: sa.ColumnElement[bool]) -> Counter[tuple[int, str]]:
    """How many cards of each colour each unit was shown."""
    query = (
        sa.select(log.c.unit_id, log.c.card, sa.func.count())
        .join(cases_, log.c.case_id == cases_.c.id)
        .where(against(), log.c.card != "", *conditions)
        .group_by(log.c.unit_id, log.c.card)
    )
    return Counter({(unit, card): many for unit, card, many in connection.execute(query)})


def _counted(
    connection: Connection, of: sa.Table, *conditions: sa.ColumnElement[bool]
) -> Counter[int]:
    """How many rows of a table each unit has."""
    query = sa.select(of.c.unit_id, sa.func.count()).where(*conditions).group_by(of.c.unit_id)
    return Counter(dict(connection.execute(query).tuples().all()))
