"""Who comes, and what every house that vouches for people can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.words import Words


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody as another house knows them: it vouches for `subject`, the rest is for reading."""

    issuer: str
    subject: str
    name: str
    hints: tuple[str, ...] = ()
    """What helps an administrator to tell who it is: a login, an address."""


class Provider(Protocol):
    """One house. Everything is said in its own protocol; a refusal is a Trouble.

    `nonce` is a secret of the browser's, of which only digests leave us. `redirect` is where
    the browser comes back to; both are the same in `begin` and `finish`.
    """

    name: str
    """In the address, as in /sign-in/wecom."""
    label: Words

    def begin(self, state: str, nonce: str, redirect: str, agent: str = "") -> str:
        """Where to send the browser, which calls itself `agent`."""
        ...

    def finish(self, params: Mapping[str, str], nonce: str, redirect: str, at: datetime) -> Who:
        """Who came back at `at` with these parameters of the address."""
        ...
