"""挂图作战: the countdown wall, by area and by unit, for a large screen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger import figures
from ledger.figures import Figures, Standing, Wall
from portal.house import At, House, InHouse
from portal.narrowing import Narrowed, next_midnight
from portal.templating import render, say
from portal.watching import Watcher
from rules.permission import Grant, Viewer

router = APIRouter()

KEPT = timedelta(seconds=30)
MOST_KEPT = 50
BARS = 15
"""So many areas, and so many units, stand on a wall; who wants all asks for the list."""

Scope = tuple[tuple[Grant, ...], int | None]


class Kept:
    """Walls reckoned a moment ago: a screen in every office asks again every minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._walls: dict[Scope, Wall] = {}

    def wall(self, house: House, viewer: Viewer, at: datetime, area: int | None) -> Wall:
        """The wall of whoever sees the same, at most `KEPT` old."""
        scope = (viewer.grants, area)
        # One reckons, the others wait for it: they would all read the same rows.
        with self._lock:
            known = self._walls.get(scope)
            if known is not None and timedelta(0) <= at - known.at < KEPT:
                return known
            midnight = next_midnight(at, house.reference())
            found = figures.wall(house.ledger, viewer, at, midnight, area)
            if len(self._walls) >= MOST_KEPT:
                self._walls.clear()
            self._walls[scope] = found
            return found


@router.get("/wall")
def wall(request: Request, house: InHouse, viewer: Watcher, at: At, given: Narrowed) -> Response:
    """How the open cases stand. With `full` nothing but the wall is shown."""
    area = given.number("area")
    found = _kept(request).wall(house, viewer, at, area)
    areas, units = found.areas[:BARS], [u for u in found.units if u.id is not None][:BARS]
    return render(
        request, "wall/page.html", wall=found, areas=areas, units=units, given=given,
        full=given.flag("full"), chart=_chart(request, areas, units),
        links=lambda standing, by, **more: _link(found, standing, by, given, **more),
    )  # fmt: skip


def _kept(request: Request) -> Kept:
    state = request.app.state
    if not hasattr(state, "walls"):
        state.walls = Kept()
    found: Kept = state.walls
    return found


def _link(wall: Wall, standing: Standing | None, by: str, given: Any, **more: str) -> str:
    """The cases behind a figure."""
    area = {"area": str(wall.way[-1][0])} if wall.way and given.text("area") else {}
    of = {}
    if standing is not None and standing.id is not None:
        of = {"area": str(standing.id)} if by == "area" else {"unit": standing.name, "leading": "1"}
    return str(given.address("/cases", full="", **{"area": "", **area, **of}, **more))


def _chart(
    request: Request, areas: Sequence[Standing], units: Sequence[Standing]
) -> dict[str, Any]:
    """What the bars are drawn from."""
    nowhere = say(request, "未填辖区")
    return {
        "labels": [say(request, "逾期"), say(request, "今天到期"), say(request, "其他在办")],
        "areas": _bars(areas, nowhere),
        "units": _bars(units, ""),
    }


def _bars(standing: Sequence[Standing], nowhere: str) -> dict[str, Any]:
    return {
        "names": [each.name or nowhere for each in standing],
        "values": [_values(each.figures) for each in standing],
    }


def _values(each: Figures) -> list[int]:
    return [each.overdue, each.due_today, each.rest]
