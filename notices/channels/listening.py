"""What Apprise says while it works. It answers yes or no, and tells the cause only to its log."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

_LOGGER = logging.getLogger("apprise")


@dataclass
class Heard:
    """What was said during one piece of work."""

    warnings: list[str] = field(default_factory=list)
    cause: BaseException | None = None
    """The first exception that was being handled while something was said."""
    reply: bytes = b""
    """The body of an HTTP refusal."""

    def take(self, record: logging.LogRecord) -> None:
        """Keep what matters of one record."""
        # Apprise catches the exception and logs its bare text. While it does, the exception
        # itself is still at hand, with its type and the way it came.
        cause = record.exc_info[1] if record.exc_info else sys.exc_info()[1]
        self.cause = self.cause or cause
        # Above ERROR Apprise only announces what it will drop some day.
        if logging.WARNING <= record.levelno <= logging.ERROR:
            self.warnings.append(_text(record))
        elif record.levelno < logging.WARNING and isinstance(record.args, tuple):
            self.reply = next((arg for arg in record.args if isinstance(arg, bytes)), self.reply)


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)


_listener: ContextVar[Heard | None] = ContextVar("_listener", default=None)


@contextmanager
def listening(heard: Heard) -> Iterator[None]:
    """While it lasts, what Apprise logs in this context goes to `heard` and nowhere else.

    Several threads may listen at once, each to its own work.
    """
    _LOGGER.addFilter(_aside)
    if _LOGGER.level != logging.DEBUG:
        _LOGGER.setLevel(logging.DEBUG)
    token = _listener.set(heard)
    try:
        yield
    finally:
        _listener.reset(token)


def _aside(record: logging.LogRecord) -> bool:
    heard = _listener.get()
    if heard is None:
        return record.levelno >= logging.WARNING
    heard.take(record)
    return False
