"""谁在岗: who answers for a unit by a duty, at an instant. Substitutes are followed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

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


@dataclass(frozen=True, slots=True)
class Roster:
    """值班表: people who take a duty in turn, a week each; at least one.

    `people[0]` has the week that begins on `first_monday`.
    """

    first_monday: date
    people: tuple[int, ...]

    def turn(self, on: date) -> tuple[int, ...]:
        """Everybody of the rota, whose week the day `on` lies in first, then in their order."""
        first = (on - self.first_monday).days // 7 % len(self.people)
        return self.people[first:] + self.people[:first]


CLIMBS = {DutyKind.LEADER, DutyKind.DISCIPLINE}
"""Duties looked for in the unit itself and then upwards, parent by parent."""

OF_THE_OFFICE = {DutyKind.OFFICE, DutyKind.INSPECTOR}
"""Duties that every unit can find in a supervising office: its own, or else any."""


@dataclass(frozen=True, slots=True)
class Directory:
    """通讯录: units, people, duties, rotas and absences, as they are when a look fires.

    Where a duty of a unit has a rota, the rota alone says who has it. Of absences of one
    person that overlap, the one that began last counts. Weeks begin on Monday at midnight
    in `zone`. `codes` gives the person of each code.
    """

    units: dict[int, UnitEntry]
    people: dict[int, str]
    duties: Mapping[tuple[int, DutyKind], Sequence[int]]
    absences: Sequence[Away] = ()
    rotas: Mapping[tuple[int, DutyKind], Roster] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    _found: dict[tuple[int | None, DutyKind, datetime], tuple[Recipient, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _aways: dict[int, list[Away]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Lay each person's absences together, the one that began last first."""
        for away in sorted(self.absences, key=lambda a: a.start):
            self._aways.setdefault(away.person_id, []).insert(0, away)

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

    def present(self, person_id: int, at: datetime) -> int | None:
        """Who stands for a person at `at`: the person, or the last of a chain of substitutes.

        None when nobody does: away without a substitute, a circle of substitutes, or somebody
        who is no longer in the directory.
        """
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

    def line(self, unit_id: int | None) -> list[UnitEntry]:
        """The unit and those above it, upwards; a circle of parents ends where it closes."""
        line: list[UnitEntry] = []
        while unit_id is not None and (unit := self.units.get(unit_id)) and unit not in line:
            line.append(unit)
            unit_id = unit.parent_id
        return line

    def members(self, unit_id: int) -> tuple[int, ...]:
        """Everybody who holds any duty in the unit or in a unit below it, each once."""
        below = {u for u in self.units if unit_id in [above.id for above in self.line(u)]}
        holders = [p for (unit, _), held in self.duties.items() if unit in below for p in held]
        takers = [p for (unit, _), r in self.rotas.items() if unit in below for p in r.people]
        return tuple(p for p in dict.fromkeys(holders + takers) if p in self.people)

    def find(self, text: str, unit_id: int | None = None) -> tuple[int, ...]:
        """Whom a code or a name means, among the members of a unit or among everybody.

        A code means one person. A name may mean several, or nobody.
        """
        among: Collection[int] = self.people if unit_id is None else self.members(unit_id)
        text = text.strip()
        if self.codes.get(text) in among:
            return (self.codes[text],)
        return tuple(person for person in among if self.people[person] == text)

    def _look(self, unit_id: int | None, duty: DutyKind, at: datetime) -> list[Recipient]:
        for unit in self._units_for(unit_id, duty):
            if on_duty := self._on_duty(unit.id, duty, at):
                return [Recipient(p, self.people[p], unit.id, unit.name, duty) for p in on_duty]
        return []

    def _on_duty(self, unit_id: int, duty: DutyKind, at: datetime) -> list[int]:
        roster = self.rotas.get((unit_id, duty))
        if roster is None:
            return self._standing(self.duties.get((unit_id, duty), ()), at)
        return self._standing(roster.turn(at.astimezone(self.zone).date()), at)[:1]

    def _standing(self, holders: Iterable[int], at: datetime) -> list[int]:
        present = (self.present(holder, at) for holder in holders)
        return list(dict.fromkeys(person for person in present if person is not None))

    def _units_for(self, unit_id: int | None, duty: DutyKind) -> list[UnitEntry]:
        line = self.line(unit_id)
        if duty in CLIMBS and line:
            return line
        if duty in OF_THE_OFFICE or not line:
            own = line if duty is DutyKind.INSPECTOR else []
            return own + self._offices(line)
        return line[:1]

    def _offices(self, line: Sequence[UnitEntry]) -> list[UnitEntry]:
        """The offices above a unit; where there is none, every office."""
        offices = [unit for unit in line if unit.kind is UnitKind.OFFICE]
        return offices or [u for u in self.units.values() if u.kind is UnitKind.OFFICE]

    def _away(self, person_id: int, at: datetime) -> Away | None:
        mine = self._aways.get(person_id, ())
        return next((away for away in mine if away.start <= at < away.until), None)


def circle(absences: Iterable[Away]) -> tuple[int, ...]:
    """People who are all away at one instant and each the next one's substitute; () if none.

    The first stands at the end again: (bob, alice, bob).
    """
    running: list[Away] = []
    for away in sorted(absences, key=lambda a: a.start):
        # Whatever absences of a circle share, they share from when the last of them begins.
        running = [a for a in running if a.until > away.start] + [away]
        if found := _way_back(away, running):
            return found
    return ()


def _way_back(away: Away, running: Sequence[Away]) -> tuple[int, ...]:
    if away.substitute_id is None:
        return ()
    paths: list[tuple[int, ...]] = [(away.person_id, away.substitute_id)]
    seen: set[int] = set()
    for path in paths:  # grows while it is read
        if path[-1] == away.person_id:
            return path
        mine = [a.substitute_id for a in running if a.person_id == path[-1]]
        on = {person for person in mine if person is not None} - seen
        seen |= on
        paths += [(*path, person) for person in sorted(on)]
    return ()
