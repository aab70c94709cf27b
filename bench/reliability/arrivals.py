"""What really arrived, held against what the ledger says of it.

Every mail names the message it is (`X-Duban`), every attempt in the ledger the message it went
in: so it is known of each notice how often it came, and whether a copy said that it may be one.
"""

import binascii
from base64 import b64decode
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import sqlalchemy as sa

from bench.owing import TWICE
from bench.sinks import _MAIL_END, _text
from ledger.changes import table
from ledger.database import Ledger
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from notices.channels.letter import OURS


@dataclass(slots=True)
class Arrivals:
    """What a mail server has taken, read on from where it was read to."""

    file: Path
    plain: Counter[str] = field(default_factory=Counter)
    """Copies of each message that said nothing."""
    marked: Counter[str] = field(default_factory=Counter)
    """Copies that said they may be a second one."""
    _read: int = 0

    def read(self) -> None:
        """Read what was taken since."""
        if not self.file.exists():
            return
        with self.file.open("rb") as opened:
            opened.seek(self._read)
            data = opened.read()
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].splitlines():
            with suppress(binascii.Error):
                self._count(b64decode(line, validate=True))

    def _count(self, mail: bytes) -> None:
        name = str(message_from_bytes(mail.removesuffix(_MAIL_END), policy=policy.default)[OURS])
        (self.marked if TWICE in _text(mail) else self.plain)[name] += 1

    @property
    def total(self) -> int:
        """Messages taken, copies included."""
        return self.plain.total() + self.marked.total()


@dataclass(frozen=True, slots=True)
class Compared:
    """The ledger and the mail server, side by side; of notices."""

    owed: int
    sent: int
    lost: list[str]
    """Called sent, and no attempt that is called so ever came."""
    doubled_unsaid: list[str]
    """A further copy came that said nothing."""
    beyond: list[str]
    """More copies came than the ledger knows attempts."""
    resent_said: int
    """Came more than once; every further copy said so."""
    unsaid_unknown: list[str]
    """Came more than once, and the ledger does not call any attempt but the last unknown."""


def compare(ledger: Ledger, arrivals: Arrivals) -> Compared:
    """Hold them against each other. Nothing may be under way."""
    tries, notices = table(Delivery), table(Notice)
    went: defaultdict[int, list[tuple[str, DeliveryOutcome]]] = defaultdict(list)
    with ledger.snapshot() as connection:
        query = sa.select(tries.c.notice_id, tries.c.message, tries.c.outcome)
        for row in connection.execute(query.order_by(tries.c.notice_id, tries.c.attempt)):
            went[row.notice_id].append((row.message, row.outcome))
        found = connection.execute(sa.select(notices.c.id, notices.c.key, notices.c.state)).all()
    arrivals.read()
    lost, unsaid, beyond, unknown, resent = [], [], [], [], 0
    for row in found:
        mine = went[row.id]
        names = {name for name, _ in mine}
        plain = sum(arrivals.plain[name] for name in names)
        copies = plain + sum(arrivals.marked[name] for name in names)
        if row.state is NoticeState.SENT and not _came(mine, arrivals):
            lost.append(row.key)
        if plain > 1:
            unsaid.append(row.key)
        if copies > len(mine):
            beyond.append(row.key)
        if copies > 1:
            resent += plain <= 1
            if not _said(mine, copies):
                unknown.append(row.key)
    sent = sum(row.state is NoticeState.SENT for row in found)
    return Compared(len(found), sent, lost, unsaid, beyond, resent, unknown)


def _came(mine: list[tuple[str, DeliveryOutcome]], arrivals: Arrivals) -> bool:
    return any(
        outcome is DeliveryOutcome.SENT and (arrivals.plain[name] or arrivals.marked[name])
        for name, outcome in mine
    )


def _said(mine: list[tuple[str, DeliveryOutcome]], copies: int) -> bool:
    """Whether the ledger itself says that it may have come so often."""
    maybe = (DeliveryOutcome.UNKNOWN, DeliveryOutcome.SENT)
    return sum(outcome in maybe for _, outcome in mine) >= copies
