"""筛选: what a list is narrowed to, as it stands in the address.

What cannot be read does not narrow the list, and is said at its field.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.datastructures import QueryParams

from ledger.areas import places
from ledger.reference import Reference
from models.words import Words
from portal.house import House, house
from rules.permission import Viewer

LONGEST = 100
MOST_UNITS = 1000
"""So many are offered while one types; any other can be written."""
_PAGING = {"after"}
_TICK = timedelta(microseconds=1)


@dataclass
class Given:
    """The conditions of one request. `errors` are by the name of the field."""

    params: QueryParams
    reference: Reference
    errors: dict[str, Words] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A value; empty when it is not given."""
        return self.params.get(name, "").strip()[:LONGEST]

    def many(self, name: str) -> list[str]:
        """All values of a name."""
        return [value.strip()[:LONGEST] for value in self.params.getlist(name) if value.strip()]

    def flag(self, name: str) -> bool:
        """Whether something is ticked."""
        return self.text(name) not in ("", "0")

    def number(self, name: str) -> int | None:
        """An id."""
        text = self.text(name)
        return int(text) if text.isdecimal() and len(text) < 10 else None

    def unit(self, name: str = "unit") -> int | None:
        """A unit by any name it is known by."""
        text = self.text(name)
        found = self.reference.unit(text) if text else None
        if text and found is None:
            self.errors[name] = Words(
                f"单位名录里没有“{text}”，列表没有按单位筛选。请从提示里选。",
                f"No unit is called {text!r}; the list is not narrowed by it.",
            )
        return found

    def category(self, name: str = "category") -> str:
        """The code of a category given by code or name."""
        text = self.text(name)
        if not text or text in self.reference.categories:
            return text
        code = self.reference.classifier.by_name(text)
        if code is None:
            self.errors[name] = Words(
                f"没有名为“{text}”的类别，列表没有按类别筛选。请从提示里选。",
                f"No category is called {text!r}; the list is not narrowed by it.",
            )
        return code or ""

    def day(self, name: str) -> datetime | None:
        """The midnight with which a date begins, in the city's zone."""
        text = self.text(name)
        try:
            day = date.fromisoformat(text) if text else None
            return midnight(day, self.reference) if day else None
        except (ValueError, OverflowError):
            self.errors[name] = Words(
                f"日期“{text}”读不出，应写作 2026-11-30。",
                f"A date such as 2026-11-30 is expected, not {text!r}.",
            )
            return None

    def day_after(self, name: str) -> datetime | None:
        """The midnight with which a date ends."""
        begin = self.day(name)
        return begin + timedelta(days=1) if begin is not None else None

    def error(self, name: str) -> Words | None:
        """Why a value could not be read."""
        return self.errors.get(name)

    def address(self, path: str, **other: str) -> str:
        """The address of a list under these conditions, with these values instead."""
        kept = [
            (name, value)
            for name, value in self.params.multi_items()
            if value and name not in other and name not in _PAGING
        ]
        pairs = [*kept, *((name, value) for name, value in other.items() if value)]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def pager(self, path: str, after: str) -> dict[str, str | None]:
        """The addresses of the first page and of the next."""
        first = self.address(path) if self.text("after") else None
        return {"first_url": first, "next_url": self.address(path, after=after) if after else None}

    def active(self, *names: str) -> int:
        """How many of these conditions are set."""
        return sum(bool(self.text(name)) for name in names)


def given(request: Request) -> Given:
    """The conditions of a request."""
    return Given(request.query_params, house(request).reference())


Narrowed = Annotated[Given, Depends(given)]


def midnight(day: date, reference: Reference) -> datetime:
    """The instant at which a day begins in the city."""
    return datetime(day.year, day.month, day.day, tzinfo=reference.zone)


def today(at: datetime, reference: Reference) -> date:
    """The city's date."""
    return at.astimezone(reference.zone).date()


def next_midnight(at: datetime, reference: Reference) -> datetime:
    """The midnight that closes the day."""
    return midnight(today(at, reference) + timedelta(days=1), reference)


def choices(house: House, viewer: Viewer) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What the fields of a filter offer: areas as a tree, units and categories by name."""
    reference = house.reference()
    with house.ledger.snapshot() as connection:
        areas = places(connection, viewer)
    return {
        "areas": [(str(area.id), f"{'　' * area.depth}{area.name}") for area in areas],
        "units": [(u.name, "") for u in reference.directory.units.values()][:MOST_UNITS],
        "categories": _categories(reference),
    }


def area_named(house: House, viewer: Viewer, text: str) -> str:
    """The name of an area by its id, as it stands in an address."""
    return dict(choices(house, viewer)["areas"]).get(text, text).strip("　")


def _categories(reference: Reference) -> list[tuple[str, str]]:
    """By name; by code where several have one name."""
    known = reference.categories.values()
    times = Counter(category.minor for category in known)
    return [(c.minor if times[c.minor] == 1 else c.code, f"{c.code} {c.major}") for c in known]
