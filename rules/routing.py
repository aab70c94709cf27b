"""责任路由: category × place → units. Most specific first; no route or a tie is undecided."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from models.category import Role
from models.words import Words

_CHOICE = re.compile(r"\[[^\]]+\]")
"""Brackets in a pattern: any one of the characters between them."""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A route: a category pattern, an area subtree (by path), validity, and the units."""

    code: str
    pattern: str
    area_path: str
    """The path of the area it covers with all below; "/" is everywhere."""
    valid_from: date | None
    valid_until: date | None
    units: tuple[tuple[int, Role], ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """The units that answer for a finding, the lead first, and by which rule."""

    units: tuple[tuple[int, Role], ...]
    reason: Words


@dataclass(frozen=True, slots=True)
class Undecided:
    """No unit can be named by rule; a supervisor decides. The words say why."""

    reason: Words


def route(
    category: str | None,
    area_path: str | None,
    on: date,
    routes: Sequence[RouteEntry],
    called: str = "",
) -> Routed | Undecided:
    """Who answers for `category` at a place in the area `area_path` on the day `on`.

    A route matches when its pattern fits the category, the place lies in its area and the day
    in its validity. The most specific wins: first the more exact pattern (more fixed
    characters), then the deeper area. Two equally specific routes are a tie, and undecided.
    `called` is what a reader knows the category by.
    """
    if category is None:
        return Undecided(
            Words(
                "类别未定，无法按类别找责任单位",
                "the category is not certain, so no unit can be found by it",
            )
        )
    fitting = [r for r in routes if _fits(r, category, area_path or "/", on)]
    if not fitting:
        return Undecided(
            Words(
                f"没有适用于类别“{called or category}”的责任路由",
                f"no route covers category {called or category}",
            )
        )
    best = max(_exactness(r) for r in fitting)
    winners = [r for r in fitting if _exactness(r) == best]
    if len({winner.units for winner in winners}) > 1:
        codes = "、".join(sorted(winner.code for winner in winners))
        return Undecided(
            Words(f"多条责任路由同等适用：{codes}", f"several routes fit equally well: {codes}")
        )
    code = winners[0].code
    return Routed(winners[0].units, Words(f"按责任路由 {code}", f"by route {code}"))


def _fits(entry: RouteEntry, category: str, area_path: str, on: date) -> bool:
    return (
        fnmatchcase(category, entry.pattern)
        and area_path.startswith(entry.area_path)
        and (entry.valid_from is None or entry.valid_from <= on)
        and (entry.valid_until is None or on < entry.valid_until)
    )


def _exactness(entry: RouteEntry) -> tuple[int, int]:
    # "0[12]" has one fixed character: the brackets together stand for any of theirs.
    fixed = sum(char not in "*?" for char in _CHOICE.sub("?", entry.pattern))
    exact = fixed * 2 + ("*" not in entry.pattern)
    return exact, entry.area_path.count("/")
