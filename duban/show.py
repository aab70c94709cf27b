"""What the command line prints: one JSON document, or tables for people."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

# A pipe has no width of its own: rows stay on one line for grep and less.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False)


def print_json(data: Any, zone: ZoneInfo) -> None:
    """One JSON document on standard output; instants in the city's zone, with offset."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(zone).isoformat()
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        return str(value)

    json.dump(data, sys.stdout, ensure_ascii=False, indent=2, default=plain)
    sys.stdout.write("\n")


def say(text: str) -> None:
    """Text as it is, never markup."""
    out.print(text, markup=False, soft_wrap=True)


def refuse(text: str) -> None:
    """What was wrong, on standard error."""
    err.print(text, style="red", markup=False, soft_wrap=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; cells are text as it is, never markup."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    out.print(table)


def print_counts(title: str, counts: Mapping[str, int]) -> None:
    """Counts in one line."""
    said = "  ".join(f"{name} {count}" for name, count in counts.items()) or "—"
    say(f"{title}：{said}")


def short(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a column shows it."""
    return f"{at.astimezone(zone):%m-%d %H:%M}"


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar for long work, on a terminal only; is told how much of how much is done."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    off = quiet or not err.is_terminal
    with Progress(*columns, console=err, transient=True, disable=off) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
