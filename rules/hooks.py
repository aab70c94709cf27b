"""外发接口: what a receiver's answer to a call means, and when the call is made again."""

from datetime import timedelta
from enum import Enum
from hashlib import sha256

WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""After the first failure, the second …; after the one behind the last a call is given up."""


class Verdict(Enum):
    """What came of one call."""

    TAKEN = "taken"
    UNFIT = "unfit"
    """The receiver works, but does not take this record."""
    DOWN = "down"
    """The receiver does not work, or not for us: the next record would fare no better."""
    GONE = "gone"
    """It asks never to be called again."""


_UNFIT = frozenset({400, 409, 411, 413, 415, 422})
_GONE = 410
"""Standard Webhooks: the endpoint is to be switched off."""


def verdict(status: int | None) -> Verdict:
    """What an HTTP status means; None: there was no answer. Only 2xx has taken the record."""
    if status is None:
        return Verdict.DOWN
    if 200 <= status < 300:
        return Verdict.TAKEN
    if status == _GONE:
        return Verdict.GONE
    return Verdict.UNFIT if status in _UNFIT else Verdict.DOWN


def wait(key: str, attempts: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many failed attempts; None: it is given up.

    At least what the receiver `asked` for. Up to a quarter is added by the call's key, so that
    calls that failed together do not come back together.
    """
    if attempts > len(WAITS):
        return None
    share = int.from_bytes(sha256(f"{key}:{attempts}".encode()).digest()[:2]) / 2**18
    return max(WAITS[attempts - 1] * (1 + share), asked or timedelta(0))
