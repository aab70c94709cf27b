"""用过的照片: where a picture, or one that looks the same, was handed in before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from models.case import Case
from models.photo import Photo, PhotoPrint
from models.record import Record
from rules.evidence import ALIKE, Use, Variant, bands, distance, tells

MOST_USES = 20
_MOST_LIKE = 200
_MOST_READ = 20_000

BANDS = ("b0", "b1", "b2", "b3")
"""The columns in which the words of a print are found."""


def earlier_uses(connection: Connection, photo: Any) -> tuple[Use, ...]:
    """Where a picture, or one that looks the same, was handed in before, the earliest first.

    In other cases, and of the very same file in earlier records of its own case: a good picture
    of the same spot after the work looks like the one before it. What was handed in later says
    nothing against this one; a picture still loose is held against everything. At most 20.

    Pictures that differ in up to 7 bits of 64 are always found, for then one of the four words
    differs in one bit at most; with 8 to 10 it is missed in 5 to 26 cases of 100.
    """
    like = _lookalikes(connection, photo.id)
    like.update(dict.fromkeys(_same_source(connection, photo), 0))
    like.pop(photo.id, None)
    nearest = sorted(like, key=lambda photo_id: like[photo_id])[:_MOST_LIKE]
    used = [use for use in _uses(connection, photo, nearest, like) if use.same or not use.here]
    return tuple(sorted(used, key=lambda use: (use.at, use.photo_id)))[:MOST_USES]


def _same_source(connection: Connection, photo: Any) -> Iterable[int]:
    rows = table(Photo)
    query = sa.select(rows.c.id).where(rows.c.source == photo.source)
    return connection.execute(query.order_by(rows.c.id).limit(_MOST_LIKE)).scalars()


def _lookalikes(connection: Connection, photo_id: int) -> dict[int, int]:
    """The pictures that look the same, each with its distance.

    One of the two is compared as it is: with the variants of the other, its own among them. So a
    picture is known as the mirror image or the middle of an older one, and an older one as the
    middle of it.
    """
    rows = table(PhotoPrint)
    query = sa.select(rows.c.variant, rows.c.bits).where(rows.c.photo_id == photo_id)
    own = {row.variant: row.bits for row in connection.execute(query) if tells(row.bits)}
    found: dict[int, int] = {}
    for variant, others in _COMPARED.items():
        for other, apart in _near(connection, own.get(variant), others):
            found[other] = min(apart, found.get(other, apart))
    return found


_COMPARED = {Variant.PLAIN: tuple(Variant), Variant.CROPPED: (Variant.PLAIN,)}
"""Which variants of others a variant is compared with. The mirror image of this picture against
another as it is would be the same question as this one against the other's mirror image."""


def _near(
    connection: Connection, bits: str | None, variants: tuple[Variant, ...]
) -> Iterator[tuple[int, int]]:
    if bits is None:
        return
    rows = table(PhotoPrint)
    words = zip(BANDS, bands(bits), strict=True)
    shares = sa.or_(*(rows.c[name].in_(_within_one_bit(word)) for name, word in words))
    query = sa.select(rows.c.photo_id, rows.c.bits).where(shares, rows.c.variant.in_(variants))
    for row in connection.execute(query.limit(_MOST_READ)):
        apart = distance(bits, row.bits)
        if apart <= ALIKE:
            yield row.photo_id, apart


def _within_one_bit(word: int) -> list[int]:
    return [word, *(word ^ 1 << bit for bit in range(16))]


def _uses(
    connection: Connection, photo: Any, ids: Sequence[int], like: Mapping[int, int]
) -> Iterator[Use]:
    rows = table(Photo)
    until = _handed_in_at(connection, photo)
    for row in connection.execute(_handed_in().where(rows.c.id.in_(ids))):
        if row.case_id == photo.case_id and row.record_seq == photo.record_seq:
            continue
        if until is not None and (row.used_at, row.id) >= (until, photo.id):
            continue
        same = row.source == photo.source or row.digest == photo.digest
        yield Use(
            photo_id=row.id,
            case_id=row.case_id,
            number=row.number,
            at=row.used_at,
            same=same,
            distance=0 if same else like[row.id],
            here=row.case_id == photo.case_id,
        )


def _handed_in() -> sa.Select[Any]:
    """Pictures that belong to a case, each with the instant of the record that names it."""
    rows, cases, records = table(Photo), table(Case), table(Record)
    names_it = sa.and_(records.c.case_id == rows.c.case_id, records.c.seq == rows.c.record_seq)
    return (
        sa.select(rows, cases.c.number, sa.func.coalesce(records.c.at, rows.c.at).label("used_at"))
        .join(cases, rows.c.case_id == cases.c.id)
        .outerjoin(records, names_it)
    )


def _handed_in_at(connection: Connection, photo: Any) -> datetime | None:
    if photo.case_id is None:
        return None
    row = connection.execute(_handed_in().where(table(Photo).c.id == photo.id)).one()
    used_at: datetime = row.used_at
    return used_at
