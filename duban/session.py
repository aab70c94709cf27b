"""What commands share: settings, the open ledger, instants as typed, and how they fail."""

import os
import sys
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pendulum
import typer
from pendulum.parsing.exceptions import ParserError

from duban import show
from duban.settings import Settings, prepare
from ledger.database import Ledger, connect
from ledger.reference import zone
from models.instants import plain
from models.words import Trouble


@cache
def settings() -> Settings:
    """The settings of this run."""
    return prepare()


@cache
def opened() -> Ledger:
    """The ledger of this run."""
    return connect(settings().database())


def at_of(text: str | None, ledger: Ledger) -> datetime:
    """The instant a command works as of: as typed, in the city's zone if none is given; or now."""
    return now() if text is None else instant(text, zone(ledger))


def now() -> datetime:
    """The present instant."""
    return plain(pendulum.now("UTC"))


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An instant as typed: 2026-09-24T15:00+08:00, or a local 2026-09-24 or 2026-09-24T15:00."""
    try:
        read = pendulum.parse(text, tz=zone)
    except (ParserError, ValueError):
        read = None
    if not isinstance(read, datetime):
        raise typer.BadParameter(
            f"读不出时刻“{text[:60]}”，应写作 2026-09-24T15:00+08:00 或 2026-09-24 · "
            "an instant is expected, such as 2026-09-24T15:00+08:00"
        )
    return plain(read)


def fail(trouble: Trouble) -> None:
    """Say what was wrong, in the reader's language, and end with status 1."""
    if "--json" in sys.argv:
        show.print_json({"error": trouble.words._asdict()}, ZoneInfo("UTC"))
    show.refuse(trouble.words.within(_lang()))
    sys.exit(1)


def _lang() -> str:
    """The reader's language, also when the settings themselves are what is wrong."""
    try:
        return settings().lang
    except Trouble:
        return os.environ.get("DUBAN_LANG", "zh")
