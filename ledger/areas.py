"""辖区目录: the areas a viewer can choose from, as a tree."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.scope import areas_under
from models.unit import Area
from rules.permission import Viewer


@dataclass(frozen=True, slots=True)
class Place:
    """An area and how deep it lies in the tree, 0 at the top."""

    id: int
    name: str
    depth: int


def places(connection: Connection, viewer: Viewer, most: int = 300) -> list[Place]:
    """The areas of a viewer in the order of the tree; the deepest are left out beyond `most`."""
    areas = table(Area)
    query = sa.select(areas.c.id, areas.c.name, areas.c.path).order_by(areas.c.path)
    mine = _within(connection, viewer)
    found = [
        Place(row.id, row.name, row.path.count("/") - 2)
        for row in connection.execute(query)
        if mine is None or row.id in mine
    ]
    while len(found) > most:
        deepest = max(place.depth for place in found)
        if deepest == min(place.depth for place in found):
            return found[:most]
        found = [place for place in found if place.depth < deepest]
    return found


def _within(connection: Connection, viewer: Viewer) -> set[int] | None:
    """The ids of the areas a viewer's roles are bound to; None where one of them is not."""
    bound = {grant.area_id for grant in viewer.grants}
    if None in bound:
        return None
    return areas_under(connection, [area for area in bound if area is not None])
