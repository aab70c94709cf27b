"""谁在岗: who answers for a unit by a duty, at an instant. Substitutes are followed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.person import DutyKind
from models.unit import UnitKind


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to be told, and for which unit and duty."""

    person_id: int
    person: str
    unit_id: int
    unit: str
    duty: DutyKind


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit as the directory knows it."""

    id: int
    name: str
    kind: UnitKind
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Away:
    """One absence: from `start` up to, not including, `until`."""

    person_id: int
    start: datetime
    until: datetime
    substitute_id: int | None


CLIMBS = {DutyKind.LEADER, DutyKind.DISCIPLINE}
"""Duties looked for in the unit itself and then upwards, parent by parent."""


@dataclass(frozen=True, slots=True)
class Directory:
    """通讯录: units, people, duties and absences, as they are when a look fires."""

    units: dict[int, UnitEntry]
    people: dict[int, str]
    duties: Mapping[tuple[int, DutyKind], Sequence[int]]
    absences: Sequence[Away] = ()
    _found: dict[tuple[int | None, DutyKind, datetime], tuple[Recipient, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def who(self, unit_id: int | None, duty: DutyKind, at: datetime) -> tuple[Recipient, ...]:
        """Everybody who answers for the unit by `duty` at `at`; empty when nobody does.

        No unit means the supervising office. A person absent is replaced by the substitute,
        the substitute's substitute and so on; a circle of substitutes is nobody.
        """
        key = (unit_id, duty, at)
        if key not in self._found:
            self._found[key] = tuple(self._look(unit_id, duty, at))
        return self._found[key]

    def everyone(
        self, unit_id: int | None, duties: Iterable[DutyKind], at: datetime
    ) -> tuple[Recipient, ...]:
        """Those of several duties, each person once, in the order of the duties."""
        found: dict[int, Recipient] = {}
        for duty in duties:
            for recipient in self.who(unit_id, duty, at):
                found.setdefault(recipient.person_id, recipient)
        return tuple(found.values())

    def nearest(
        self, unit_id: int | None, duties: Iterable[DutyKind], at: datetime
    ) -> tuple[Recipient, ...]:
        """Those who hold the first of these duties that anybody holds."""
        found = (self.who(unit_id, duty, at) for duty in duties)
        return next((who for who in found if who), ())

    def _look(self, unit_id: int | None, duty: DutyKind, at: datetime) -> list[Recipient]:
        for unit in self._units_for(unit_id, duty):
            present = dict.fromkeys(
                person
                for holder in self.duties.get((unit.id, duty), ())
                if (person := self._present(holder, at)) is not None
            )
            if present:
                return [Recipient(p, self.people[p], unit.id, unit.name, duty) for p in present]
        return []

    def _units_for(self, unit_id: int | None, duty: DutyKind) -> list[UnitEntry]:
        line = self._line(unit_id)
        if duty in CLIMBS and line:
            return line
        if duty is DutyKind.OFFICE or not line:
            offices = [unit for unit in line if unit.kind is UnitKind.OFFICE]
            return offices or [u for u in self.units.values() if u.kind is UnitKind.OFFICE]
        return line[:1]

    def _line(self, unit_id: int | None) -> list[UnitEntry]:
        line: list[UnitEntry] = []
        while unit_id is not None and (unit := self.units.get(unit_id)) and unit not in line:
            line.append(unit)
            unit_id = unit.parent_id
        return line

    def _present(self, person_id: int, at: datetime) -> int | None:
        seen: set[int] = set()
        while person_id not in seen:
            seen.add(person_id)
            away = self._away(person_id, at)
            if away is None:
                return person_id if person_id in self.people else None
            if away.substitute_id is None:
                return None
            person_id = away.substitute_id
        return None

    def _away(self, person_id: int, at: datetime) -> Away | None:
        return next(
            (a for a in self.absences if a.person_id == person_id and a.start <= at < a.until),
            None,
        )
