"""What a check answers: well, doubtful or wrong, in one sentence, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from duban.settings import Settings
from ledger.database import Ledger
from models.columns import Labelled
from models.words import Words


class State(Labelled):
    """How it stands with one thing."""

    OK = "ok", "正常", "ok"
    WARNING = "warning", "注意", "warning"
    WRONG = "wrong", "有错", "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """For programs, and the anchor in docs/operations.md."""
    state: State
    found: Words
    todo: Words | None = None


def ok(name: str, zh: str, en: str) -> Finding:
    """It is as it should be."""
    return Finding(name, State.OK, Words(zh, en))


def warning(name: str, found: Words, todo: Words) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(name, State.WARNING, found, todo)


def wrong(name: str, found: Words, todo: Words) -> Finding:
    """It does not work, or soon will not."""
    return Finding(name, State.WRONG, found, todo)


@dataclass(frozen=True, slots=True)
class Site:
    """The installation that is looked at."""

    settings: Settings
    now: datetime


class Check(Protocol):
    """Looks at one thing."""

    __name__: str

    def __call__(self, site: Site, /) -> Iterator[Finding]:
        """What it finds."""


class OfLedger(Protocol):
    """Looks at one thing that needs the ledger."""

    __name__: str

    def __call__(self, site: Site, ledger: Ledger, /) -> Iterator[Finding]:
        """What it finds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together."""

    title: Words
    checks: tuple[Check, ...] = ()
    of_ledger: tuple[OfLedger, ...] = ()


def listed(names: list[str], most: int = 3) -> Words:
    """The first few of many."""
    some, more = "、".join(names[:most]), len(names) - most
    if more <= 0:
        return Words(some, ", ".join(names))
    return Words(f"{some}等 {len(names)} 个", f"{', '.join(names[:most])} and {more} more")
