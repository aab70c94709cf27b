"""告知谁: who is told about a case, beyond what the directory knows of its units."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from models.person import DutyKind
from models.unit import UnitKind
from rules.duty import Directory, Recipient


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a case now: units by id, and the persons it was given to by name.

    `assisting` are the units that still owe their part.
    """

    lead: int | None = None
    handler: int | None = None
    leader: int | None = None
    inspector: int | None = None
    assisting: tuple[int, ...] = ()


NOBODY = Answering()


def addressees(
    directory: Directory, answering: Answering, duties: Iterable[DutyKind], at: datetime
) -> tuple[Recipient, ...]:
    """Everybody told for these duties at `at`, each person once, in the order of the duties.

    The person a case lies with is told with the contacts of the unit; the leader it was put
    under, and the inspector who looks back, in place of whoever else has the duty.
    """
    found: dict[int, Recipient] = {}
    for duty in duties:
        for recipient in _of_duty(directory, answering, duty, at):
            found.setdefault(recipient.person_id, recipient)
    return tuple(found.values())


def helpers(
    directory: Directory, answering: Answering, duties: Iterable[DutyKind], at: datetime
) -> tuple[Recipient, ...]:
    """Those of the same duties in the assisting units that still owe their part, each once."""
    own = [duty for duty in duties if duty in _OF_A_UNIT]
    found: dict[int, Recipient] = {}
    for unit in answering.assisting:
        for who in directory.everyone(unit, own, at):
            found.setdefault(who.person_id, who)
    return tuple(found.values())


_OF_A_UNIT = {DutyKind.HANDLER, DutyKind.CONTACT, DutyKind.HEAD}


def _of_duty(
    directory: Directory, answering: Answering, duty: DutyKind, at: datetime
) -> tuple[Recipient, ...]:
    if duty is DutyKind.INSPECTOR:
        return _person(directory, answering.inspector, None, duty, at)
    usual = directory.who(answering.lead, duty, at)
    if duty in (DutyKind.HANDLER, DutyKind.CONTACT):
        mine = _person(directory, answering.handler, answering.lead, DutyKind.HANDLER, at)
        return mine + usual
    if duty is DutyKind.LEADER:
        return _person(directory, answering.leader, answering.lead, duty, at) or usual
    return usual


def _person(
    directory: Directory,
    person_id: int | None,
    unit_id: int | None,
    duty: DutyKind,
    at: datetime,
) -> tuple[Recipient, ...]:
    """One named person, or who stands in."""
    if person_id is None:
        return ()
    present = directory.present(person_id, at)
    if present is None:
        return ()
    unit = directory.units.get(unit_id or _home(directory, person_id))
    if unit is None:
        return ()
    return (Recipient(present, directory.people[present], unit.id, unit.name, duty),)


def _home(directory: Directory, person_id: int) -> int:
    """A unit the person has a duty in; the office of a substitute who has none; 0 without any."""
    turns = [(key, roster.people) for key, roster in directory.rotas.items()]
    held = (
        unit for (unit, _), people in [*directory.duties.items(), *turns] if person_id in people
    )
    office = (unit.id for unit in directory.units.values() if unit.kind is UnitKind.OFFICE)
    return next(chain(held, office), 0)
