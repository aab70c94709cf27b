"""来回: from our sign-in page to another house and back, by the same browser, once, in time.

What ties the way back to the browser is a signed cookie, so that nobody can be made to finish
a sign-in that somebody else began.
"""

import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from models.words import Trouble, Words

LASTS = timedelta(minutes=10)
"""Within this somebody has to be back; the codes of the houses hold for five minutes."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One way there and back. With `account_id` it is to link, not to sign in."""

    provider: str
    state: str
    nonce: str
    until: float
    """Seconds since 1970."""
    onward: str = ""
    """The page that was wanted."""
    account_id: int | None = None


class Seal:
    """Text that nobody else can have written, each for one purpose."""

    def __init__(self, secret: str | bytes) -> None:
        self._secret = secret

    def close(self, purpose: str, values: dict[str, Any]) -> str:
        """The values as text."""
        return str(URLSafeSerializer(self._secret, salt=f"duban {purpose}").dumps(values))

    def open(self, purpose: str, text: str) -> dict[str, Any]:
        """The values again. Raises Trouble when the text is not ours, or for something else."""
        try:
            return dict(URLSafeSerializer(self._secret, salt=f"duban {purpose}").loads(text))
        except BadData:
            raise Trouble(*_LOST) from None


class Journeys:
    """Begins journeys and knows them again. Each comes back once."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._back: dict[str, float] = {}
        self._turn = Lock()

    def begin(
        self, provider: str, at: datetime, onward: str = "", account_id: int | None = None
    ) -> tuple[Journey, str]:
        """A new journey, and the cookie that goes with it."""
        until = (at + LASTS).timestamp()
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        journey = Journey(provider, state, nonce, until, onward, account_id)
        return journey, self._seal.close("journey", asdict(journey))

    def end(self, cookie: str, provider: str, state: str, at: datetime) -> Journey:
        """The journey that ends here. Raises Trouble when it is another's, late, or over."""
        journey = Journey(**self._seal.open("journey", cookie))
        if journey.provider != provider or not _same(journey.state, state):
            raise Trouble(*_FOREIGN)
        if journey.until <= at.timestamp():
            raise Trouble(*_LATE)
        if not self._first(journey.state, journey.until, at):
            raise Trouble(*_OVER)
        return journey

    def _first(self, state: str, until: float, at: datetime) -> bool:
        """Remembered in this process; what comes to another one brings a code used up."""
        with self._turn:
            now = at.timestamp()
            self._back = {known: end for known, end in self._back.items() if end > now}
            first = state not in self._back
            self._back[state] = until
            return first


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


_LOST = Words(
    "认不出这次登录是从本浏览器发起的。请允许本站的 Cookie，回到登录页重新登录。",
    "This sign-in was not begun by this browser. Allow cookies of this site, go back to the "
    "sign-in page and start again.",
)
_FOREIGN = Words(
    "这次登录不是从本浏览器最近一次发起的，可能同时开了几个登录页。请回到登录页重新登录。",
    "This is not the sign-in that this browser began last; perhaps several were open. Go back to "
    "the sign-in page and start again.",
)
_LATE = Words(
    "这次登录超过了 10 分钟。请回到登录页重新登录。",
    "This sign-in took more than 10 minutes. Go back to the sign-in page and start again.",
)
_OVER = Words(
    "这次登录已经用过：每次只能用一次。请回到登录页重新登录。",
    "This sign-in has been used: each holds for once. Go back to the sign-in page and start again.",
)
