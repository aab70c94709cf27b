"""演示城市的地图: where its places lie, and what inspectors find there with the phone in hand."""

import csv
from collections.abc import Mapping
from datetime import time
from importlib.resources import files
from math import cos, degrees, radians
from random import Random
from typing import NamedTuple

from duban.demo_pictures import Position
from rules.evidence import EARTH

CENTRE: Position = (38.4, 104.4)
"""The demo city lies amid the dunes of the Tengger desert, so that no map shows a real street
beside what is said here about one."""

STREETS: Mapping[str, tuple[int, int]] = {
    "dongcheng": (2000, 0), "lanyue": (1200, 700), "shuyuan": (1900, -800),
    "liutang": (3200, 300), "xilan": (-2300, 200), "yunhu": (-1500, 900),
    "xinqiao": (-2200, -700), "songgang": (-3400, 500),
}  # fmt: skip
"""Metres east and north of the centre, by the code of the area."""
COMMUNITIES: Mapping[str, tuple[int, int]] = {"1": (-300, 250), "2": (350, 150), "3": (0, -350)}
"""Metres from where the street lies, by the number behind its code."""
_SCATTER = 180


class Find(NamedTuple):
    """A finding that an inspector hands in: on which day (0 is the first), when, who, what."""

    day: int
    clock: time
    inspector: str
    area: str
    place: str
    problem: str
    category: str
    photos: int


def finds() -> list[Find]:
    """What inspectors hand in during the fortnight, in order of time."""
    text = (files("deploy") / "demo" / "portal.csv").read_text("utf-8")
    rows = csv.reader(text.splitlines()[1:])
    return [
        Find(int(day), time.fromisoformat(clock), who, area, place, problem, category, int(photos))
        for day, clock, who, area, place, problem, category, photos in rows
    ]


def position(area: str, place: str) -> Position:
    """Where a place of an area lies. Of an area that is not on the map: near the centre."""
    street, _, community = area.partition("-")
    dice = Random(f"place {place}")
    east, north = dice.uniform(-_SCATTER, _SCATTER), dice.uniform(-_SCATTER, _SCATTER)
    for way in (STREETS.get(street, (0, 0)), COMMUNITIES.get(community, (0, 0))):
        east, north = east + way[0], north + way[1]
    return moved(CENTRE, east, north)


def moved(here: Position, east: float, north: float) -> Position:
    """The position so many metres east and north of here."""
    lat, lon = here
    round_the_axis = EARTH * cos(radians(lat))
    return (
        round(lat + degrees(north / EARTH), 6),
        round(lon + degrees(east / round_the_axis), 6),
    )
