"""行的写出: tables as lines of JSON, the same on every database, byte for byte.

Values come as the driver gives them and go column by column: no row is ever an object, and what
somebody changed by hand is written as it lies there.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy.engine import Connection

from ledger.shapes import Kind, Shape

PAGE = 2_000
"""So many rows are held at a time."""

_Column = Callable[[Sequence[Any]], list[str]]


def lines(connection: Connection, shape: Shape) -> Iterator[tuple[int, bytes]]:
    """A table's rows in the order of its key, page by page: how many, and their lines.

    Memory stays flat whatever the table holds. Ask within a snapshot for one instant.
    """
    columns = [_COLUMNS[kind] for kind in shape.columns.values()]
    # No value of a row is a field of this: names come from the shape, and are text of JSON.
    form = "{" + ",".join(f"{json.dumps(name)}:%s" for name in shape.columns) + "}\n"
    found = connection.exec_driver_sql(
        _query(connection, shape), execution_options={"yield_per": PAGE}
    )
    for page in found.partitions(PAGE):
        written = [
            write(values) for write, values in zip(columns, zip(*page, strict=True), strict=True)
        ]
        text = "".join([form % row for row in zip(*written, strict=True)])
        # JSON may hold half a character (\ud800), which UTF-8 cannot: it stays escaped.
        yield len(page), text.encode("utf-8", "backslashreplace")


def _query(connection: Connection, shape: Shape) -> str:
    quote = connection.dialect.identifier_preparer.quote
    postgresql = connection.dialect.name == "postgresql"
    asked = [
        _ON_POSTGRESQL.get(kind, "{}").format(quote(name)) if postgresql else quote(name)
        for name, kind in shape.columns.items()
    ]
    # Text in the order of its bytes, as SQLite has it: the same everywhere.
    by_bytes = ' COLLATE "C"' if postgresql else ""
    order = [
        quote(name) + (by_bytes if shape.columns[name] is Kind.TEXT else "") for name in shape.key
    ]
    # Names come from the models.
    return f"SELECT {', '.join(asked)} FROM {quote(shape.name)} ORDER BY {', '.join(order)}"  # noqa: S608


_ON_POSTGRESQL = {
    Kind.INSTANT: """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    Kind.JSON: "{}::text",
}


# -- values ------------------------------------------------------------------------------------


def _each(one: Callable[[Any], str]) -> _Column:
    """A column by its values; each different value is written once."""

    def write(values: Sequence[Any]) -> list[str]:
        known = {value: _or_null(one, value) for value in set(values)}
        return [known[value] for value in values]

    return write


def _or_null(one: Callable[[Any], str], value: Any) -> str:
    return "null" if value is None else one(value)


def _texts(values: Sequence[Any]) -> list[str]:
    try:
        return ["null" if v is None else encode_basestring(v) for v in values]
    except TypeError:  # SQLite lets anything lie in a column of text
        return [json.dumps(v, ensure_ascii=False) for v in values]


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flag(value: Any) -> str:
    return {0: "false", 1: "true"}.get(value) or _plain(value)


def _instant(value: Any) -> str:
    text = str(value).replace(" ", "T", 1)
    if len(text) == 27 and text.endswith("Z"):
        return f'"{text}"'
    if len(text) == 26 and "+" not in text:
        return f'"{text}Z"'
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _plain(value)  # changed by hand, and no instant any more
    utc = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return f'"{utc.isoformat(timespec="microseconds")}Z"'


def _day(value: Any) -> str:
    return f'"{value.isoformat()}"' if isinstance(value, date) else _plain(value)


def _hour(value: Any) -> str:
    if isinstance(value, time):
        return f'"{value.isoformat(timespec="microseconds")}"'
    return _plain(value)


def _json(value: Any) -> str:
    try:
        return json.dumps(json.loads(value), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, TypeError):
        return _plain(value)


_COLUMNS: dict[Kind, _Column] = {
    Kind.INTEGER: lambda values: [repr(v) if type(v) is int else _plain(v) for v in values],
    Kind.NUMBER: lambda values: [_plain(v) for v in values],
    Kind.FLAG: _each(_flag),
    Kind.TEXT: _texts,
    Kind.INSTANT: _each(_instant),
    Kind.DATE: _each(_day),
    Kind.TIME: _each(_hour),
    Kind.JSON: _each(_json),
}
