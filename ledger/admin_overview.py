"""管理总览: how much there is, and what is missing before somebody waits for it in vain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference
from models.account import Account
from models.category import Category, Route
from models.person import Channel, DutyKind, Person
from models.unit import Area, Unit
from rules.duty import Directory
from rules.policy import Policy

_COUNTED: dict[str, type[SQLModel]] = {
    "units": Unit, "areas": Area, "people": Person, "accounts": Account, "categories": Category,
    "routes": Route,
}  # fmt: skip
_OF_EVERY_UNIT = (DutyKind.CONTACT, DutyKind.HEAD)
"""What every unit should have of its own; the others are looked for above it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts, and holes in the reference data."""

    counts: Mapping[str, int]
    without: Mapping[DutyKind, Sequence[tuple[int, str]]]
    """For a duty, the units in which nobody has it."""
    unheld: Sequence[DutyKind]
    """Duties the policy in force writes to, and nobody in the whole city has."""
    unreachable: Sequence[tuple[int, str]]
    """People with a duty and no channel."""
    uncovered: Sequence[str]
    """Categories for which there is no route anywhere, by code."""
    this_year: int
    years_missing: Sequence[int]
    """Of this year and the next, those whose calendar is not known."""


def overview(ledger: Ledger, reference: Reference, at: datetime) -> Overview:
    """The state of the reference data as of `at`."""
    local = at.astimezone(reference.zone).date()
    directory = reference.directory
    held = _held(directory)
    with ledger.snapshot() as connection:
        return Overview(
            counts=_counts(connection),
            without={duty: _without(directory, held, duty) for duty in _OF_EVERY_UNIT},
            unheld=_unheld(reference.book.policy, held),
            unreachable=_unreachable(connection, directory, held),
            uncovered=[
                code
                for code in sorted(reference.categories)
                if not any(fnmatchcase(code, entry.pattern) for entry in reference.routes)
            ],
            this_year=local.year,
            years_missing=[
                year for year in (local.year, local.year + 1) if year not in reference.published
            ],
        )


def _counts(connection: Connection) -> dict[str, int]:
    counted = {
        name: sa.select(sa.func.count()).select_from(table(model)).scalar_subquery().label(name)
        for name, model in _COUNTED.items()
    }
    return dict(connection.execute(sa.select(*counted.values())).mappings().one())


def _held(directory: Directory) -> dict[tuple[int, DutyKind], set[int]]:
    """Who has each duty of each unit, by standing or in turn, as far as they are there."""
    held = {key: set(people) for key, people in directory.duties.items()}
    for key, roster in directory.rotas.items():
        held.setdefault(key, set()).update(roster.people)
    return {key: people & directory.people.keys() for key, people in held.items()}


def _without(
    directory: Directory, held: Mapping[tuple[int, DutyKind], set[int]], duty: DutyKind
) -> list[tuple[int, str]]:
    return [(u.id, u.name) for u in directory.units.values() if not held.get((u.id, duty))]


def _unheld(policy: Policy, held: Mapping[tuple[int, DutyKind], set[int]]) -> list[DutyKind]:
    there = {duty for (_, duty), people in held.items() if people}
    told = set[DutyKind]()
    for rules in policy.stages.values():
        told.update(duty for reminder in rules.reminders for duty in reminder.tell)
        told.update(duty for level in rules.ladder for duty in level.tell)
    return [duty for duty in DutyKind if duty in told - there]


def _unreachable(
    connection: Connection,
    directory: Directory,
    held: Mapping[tuple[int, DutyKind], set[int]],
) -> list[tuple[int, str]]:
    query = sa.select(table(Channel).c.person_id).distinct()
    reached = set(connection.execute(query).scalars())
    needed = set().union(*held.values())
    return [(who, name) for who, name in directory.people.items() if who in needed - reached]
