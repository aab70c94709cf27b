"""库形: which tables and columns are kept, and of which plain kind each value is.

Whoever reads a backup, in whatever language, needs no more than this and JSON.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import AutoString, SQLModel

import models
from models.columns import Instant


class Kind(StrEnum):
    """What a value is, and so how it is written."""

    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    INSTANT = "instant"
    """ISO 8601 in UTC with microseconds: 2026-09-24T07:00:00.000000Z."""
    DATE = "date"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Shape:
    """One table: its columns in order with their kinds, and its key, by which rows are ordered."""

    name: str
    columns: Mapping[str, Kind]
    key: Sequence[str]


def shapes() -> list[Shape]:
    """Every table of this version, each after those it refers to.

    Columns that the database reckons itself are left out.
    """
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    return [_shape(table) for table in SQLModel.metadata.sorted_tables]


def said(shape: Shape) -> dict[str, Any]:
    """A shape as a bundle's head says it."""
    return {"key": list(shape.key), "columns": {n: k.value for n, k in shape.columns.items()}}


def read(name: str, said: Mapping[str, Any]) -> Shape:
    """The shape that a bundle's head says. Raises ValueError or KeyError when it says none."""
    columns = {str(column): Kind(kind) for column, kind in said["columns"].items()}
    return Shape(name, columns, [str(column) for column in said["key"]])


def _shape(table: sa.Table) -> Shape:
    columns = {c.name: _kind(c.type) for c in table.columns if c.computed is None}
    return Shape(table.name, columns, [c.name for c in table.primary_key.columns])


_KINDS: Sequence[tuple[Any, Kind]] = (
    (Instant, Kind.INSTANT),
    (sa.Boolean, Kind.FLAG),
    (sa.JSON, Kind.JSON),
    (sa.Integer, Kind.INTEGER),
    (sa.Float, Kind.NUMBER),
    (sa.Date, Kind.DATE),
    (sa.Time, Kind.TIME),
    ((sa.String, AutoString), Kind.TEXT),
)


def _kind(of: sa.types.TypeEngine[Any]) -> Kind:
    for kind, name in _KINDS:
        if isinstance(of, kind):
            return name
    raise TypeError(f"nothing says how a {of!r} is written down")
