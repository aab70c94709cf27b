"""来信: what came in by mail is kept once, with what it changes, in one transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import photos
from ledger.accounts import active_person
from ledger.changes import insert, table
from ledger.database import Ledger
from ledger.desk.matter import Matter, Shown, act
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.incoming import Incoming, IncomingKind
from models.notice import Notice, NoticeState
from models.person import Channel
from models.photo import PhotoPurpose
from models.verb import Verb
from models.words import Words
from rules.lifecycle import Moved, Refused

_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is kept; the fields are those of `Incoming`."""

    message_id: str
    kind: IncomingKind
    sender: str
    subject: str
    text: str
    why: str
    received_at: datetime
    person_id: int | None = None
    case_id: int | None = None
    notice_id: int | None = None
    photos: int = 0
    refused: int = 0

    def row(self) -> dict[str, Any]:
        """As a row that still waits, where it is of a kind that waits."""
        return {**asdict(self), "settled_at": None, "settled_by": ""}


class Known(Exception):  # noqa: N818 - it is an event, not a mistake
    """The mail was taken in before; nothing was written."""


# -- what a mail is about ----------------------------------------------------------------------


def sent_as(ledger: Ledger, receipts: Collection[str]) -> Sequence[Any]:
    """The notices that went out under these Message-IDs, the newest attempt first.

    Rows of id, receipt, notice_id, case_id, number, person_id, unit_id.
    """
    attempts, notices, cases = table(Delivery), table(Notice), table(Case)
    wanted = [f"<{receipt}>" for receipt in receipts][:100]
    query = (
        sa.select(
            attempts.c.id, attempts.c.receipt, notices.c.id.label("notice_id"),
            notices.c.case_id, notices.c.person_id, notices.c.unit_id, cases.c.number,
        )
        .select_from(
            attempts.join(notices, attempts.c.notice_id == notices.c.id)
            .outerjoin(cases, notices.c.case_id == cases.c.id)
        )
        .where(attempts.c.receipt.in_(wanted))
        .order_by(attempts.c.id.desc())
    )  # fmt: skip
    with ledger.snapshot() as connection:
        return connection.execute(query).all()


@dataclass(frozen=True, slots=True)
class Writer:
    """Who may have written: as what they stand in records, and their channels' sealed addresses."""

    actor: str
    urls: tuple[str, ...] = field(repr=False)


def writer(ledger: Ledger, person_id: int) -> Writer | None:
    """A person as a writer of mail; None where they are no longer active."""
    rows = table(Channel)
    query = sa.select(rows.c.url).where(rows.c.person_id == person_id).order_by(rows.c.position)
    with ledger.snapshot() as connection:
        person = active_person(connection, person_id)
        if person is None:
            return None
        return Writer(person.actor[:60], tuple(connection.execute(query).scalars()))


def known(ledger: Ledger, message_id: str) -> bool:
    """Whether a mail of this digest was taken in."""
    with ledger.snapshot() as connection:
        return _known(connection, message_id)


def _known(connection: Connection, message_id: str) -> bool:
    rows = table(Incoming)
    query = sa.select(rows.c.id).where(rows.c.message_id == message_id)
    return connection.execute(query).first() is not None


# -- taking it in ------------------------------------------------------------------------------


def keep(
    ledger: Ledger, letter: Letter, also: Callable[[Connection], object] = lambda connection: None
) -> None:
    """Keep a mail, and do what it changes in the same transaction. Raises Known the second time."""
    try:
        with ledger.transaction() as connection:
            _keep(connection, letter)
            also(connection)
    except sa.exc.IntegrityError:  # another process has just taken the same mail
        raise Known from None


def _keep(connection: Connection, letter: Letter) -> None:
    if _known(connection, letter.message_id):
        raise Known
    insert(connection, Incoming, [letter.row()])


def answer(
    ledger: Ledger,
    number: str,
    words: str,
    letter: Letter,
    actor: str,
    shown: Shown | None = None,
    unit_id: int | None = None,
) -> Moved | Refused:
    """Write a reply into the record of its case, with the pictures that came with it.

    `unit_id` is the unit for which its writer had been told. Raises Known the second time.
    """

    def effect(matter: Matter) -> Words | None:
        if _known(matter.connection, letter.message_id):
            raise Known
        _note(matter, words, shown, unit_id)
        matter.change.more.append((Incoming, letter.row()))
        return None

    try:
        return act(ledger, number, Verb.NOTE, letter.received_at, actor, effect)
    except sa.exc.IntegrityError:
        raise Known from None


def _note(matter: Matter, words: str, shown: Shown | None, unit_id: int | None) -> None:
    """A note may bring pictures when it comes by mail: they are named in its record."""
    change, at = matter.change, matter.at
    if shown is None or not shown.photos:
        change.record(Verb.NOTE, at, words, matter.actor)
        return
    of = (matter.connection, shown.photos)
    named = photos.digests(*of, shown.person_id)
    said = f"{words}（照片 {len(named)} 张）"
    seq = change.record(Verb.NOTE, at, said, matter.actor, photos=named)
    # A unit shows what it has done; whoever else was told, what they saw.
    done = any(part.unit_id == unit_id for part in matter.parts)
    purpose = PhotoPurpose.SUBMISSION if done else PhotoPurpose.VERIFICATION
    photos.attach(*of, matter.case.id, shown.person_id, purpose, seq)


# -- what it changes ---------------------------------------------------------------------------


def bounced(connection: Connection, ids: Sequence[int], words: str, at: datetime) -> int:
    """These attempts did not arrive after all: the next channel is tried. Gives how many are.

    What has arrived by another attempt, or was read, is not sent again.
    """
    attempts, notices = table(Delivery), table(Notice)
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.id.in_(ids), attempts.c.outcome != DeliveryOutcome.PERMANENT)
        .values(outcome=DeliveryOutcome.PERMANENT, answer=f"退信：{words}"[:_ANSWER])
    )
    theirs = sa.select(attempts.c.notice_id).where(attempts.c.id.in_(ids))
    other = sa.select(attempts.c.notice_id).where(attempts.c.outcome == DeliveryOutcome.SENT)
    lost = sa.and_(
        notices.c.id.in_(theirs),
        notices.c.id.not_in(other.where(attempts.c.notice_id.in_(theirs))),
        notices.c.state == NoticeState.SENT,
        notices.c.read_at.is_(None),
    )
    owed = {"state": NoticeState.OWED, "next_try_at": at, "ended_at": None, "arrived_at": None}
    return int(connection.execute(sa.update(notices).where(lost).values(owed)).rowcount)


def arrived(connection: Connection, ids: Sequence[int], at: datetime, *, read: bool) -> None:
    """The service reports that these notices reached their person, or were read."""
    notices = table(Notice)
    for column in ("arrived_at", "read_at") if read else ("arrived_at",):
        connection.execute(
            sa.update(notices)
            .where(notices.c.id.in_(ids), notices.c[column].is_(None))
            .values({column: at})
        )
