"""照片: kept loose until a verb hands them in, then part of their case.

The files themselves lie in the store (`documents.store`), under the digest that a record of the
case names. Rows come first and go last: keep the row, then put the file; forget the rows, and
delete the files before the transaction ends. Both take their turn on the city's row, so that a
file is never deleted that somebody else is just handing in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from ledger.lookalikes import BANDS, earlier_uses
from ledger.scope import Missing, visible
from models.calendar import City
from models.case import Case
from models.photo import Photo, PhotoPrint, PhotoPurpose
from models.words import Trouble
from rules.evidence import Variant, bands
from rules.permission import Viewer

__all__ = [
    "attach", "digests", "earlier_uses", "forget", "keep", "loose_before", "of_case", "one",
    "seen_by",
]  # fmt: skip

MOST_LOOSE = 30
"""Pictures of one person that may wait within a day to be handed in."""
_DAY = timedelta(days=1)


class PictureFacts(Protocol):
    """A picture as it was checked (`documents.pictures`). `prints` are by the name of a variant."""

    @property
    def jpeg(self) -> bytes: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def taken_at(self) -> datetime | None: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...
    @property
    def prints(self) -> Mapping[Variant, str]: ...


# -- coming in ---------------------------------------------------------------------------------


def keep(
    ledger: Ledger, person_id: int, picture: PictureFacts, name: str, path: str, at: datetime
) -> int:
    """Keep a picture that belongs to no case yet; gives its id. Its file is put after this.

    Raises Trouble when the person has too many waiting.
    """
    with ledger.transaction() as connection:
        _take_turn(connection)
        _refuse_flood(connection, person_id, at)
        made = connection.execute(
            sa.insert(table(Photo))
            .values(
                person_id=person_id, at=at, name=name[:120], media="image/jpeg",
                size=len(picture.jpeg), width=picture.width, height=picture.height,
                source=picture.source, digest=picture.digest, path=path,
                taken_at=picture.taken_at, lat=picture.lat, lon=picture.lon,
            )
            .returning(table(Photo).c.id)
        )  # fmt: skip
        photo_id = int(made.scalar_one())
        _keep_prints(connection, photo_id, picture.prints)
        return photo_id


def _take_turn(connection: Connection) -> None:
    """One at a time: what counts, keeps or deletes must see what the others did."""
    connection.execute(sa.select(table(City).c.id).with_for_update())


def _refuse_flood(connection: Connection, person_id: int, at: datetime) -> None:
    rows = table(Photo)
    query = (
        sa.select(sa.func.count())
        .select_from(rows)
        .where(rows.c.person_id == person_id, rows.c.case_id.is_(None), rows.c.at > at - _DAY)
    )
    if connection.execute(query).scalar_one() >= MOST_LOOSE:
        raise Trouble(
            f"您一天内已有 {MOST_LOOSE} 张照片上传后尚未提交。请先提交或删除已传的照片，再传新的。",
            f"{MOST_LOOSE} pictures of yours were uploaded within a day and not handed in yet. "
            "Hand them in or remove some, then upload more.",
        )


def _keep_prints(connection: Connection, photo_id: int, prints: Mapping[Variant, str]) -> None:
    rows = [
        {"photo_id": photo_id, "variant": variant.value, "bits": bits}
        | dict(zip(BANDS, bands(bits), strict=True))
        for variant, bits in prints.items()
    ]
    if rows:
        connection.execute(sa.insert(table(PhotoPrint)), rows)


# -- into a case -------------------------------------------------------------------------------


def digests(connection: Connection, ids: Sequence[int], person_id: int) -> tuple[str, ...]:
    """The digests of a person's loose pictures, in order, for the record that will name them.

    A picture named twice counts once. Raises Trouble when one of them is not there.
    """
    rows = table(Photo)
    query = sa.select(rows.c.id, rows.c.digest).where(_loose(ids), rows.c.person_id == person_id)
    found = {row.id: row.digest for row in connection.execute(query)}
    if found.keys() != set(ids):
        raise _not_found()
    return tuple(found[photo_id] for photo_id in dict.fromkeys(ids))


def attach(
    connection: Connection,
    ids: Sequence[int],
    case_id: int,
    person_id: int,
    purpose: PhotoPurpose,
    record_seq: int,
) -> tuple[str, ...]:
    """Let a person's loose pictures belong to a case from its record `record_seq` on.

    Gives their digests, in order. Raises Trouble when one is not loose, or not theirs; then the
    transaction must not be kept.
    """
    named = digests(connection, ids, person_id)
    rows = table(Photo)
    taken = connection.execute(
        sa.update(rows)
        .where(_loose(ids), rows.c.person_id == person_id)
        .values(case_id=case_id, purpose=purpose, record_seq=record_seq)
    )
    if taken.rowcount != len(named):  # another request handed one in meanwhile
        raise _not_found()
    return named


def _loose(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(_any_of(ids), table(Photo).c.case_id.is_(None))


def _any_of(ids: Iterable[int]) -> sa.ColumnElement[bool]:
    """Pages pass on what they are sent: a number no column can hold is nobody's id."""
    return table(Photo).c.id.in_({photo_id for photo_id in ids if 0 < photo_id < 2**31})


def _not_found() -> Trouble:
    return Trouble(
        "照片不存在、已提交过，或不是您上传的。请重新选择照片再提交。",
        "A picture is not there, was handed in already, or is not yours. Choose the pictures "
        "anew and hand in again.",
    )


# -- reading -----------------------------------------------------------------------------------


def of_case(connection: Connection, case_id: int) -> Sequence[Any]:
    """The pictures of a case, in the order in which they were handed in."""
    rows = table(Photo)
    query = sa.select(rows).where(rows.c.case_id == case_id)
    return connection.execute(query.order_by(rows.c.record_seq, rows.c.id)).all()


def one(connection: Connection, photo_id: int) -> Any:
    """One picture, or None. For a viewer ask `seen_by`."""
    rows = table(Photo)
    return connection.execute(sa.select(rows).where(_any_of([photo_id]))).one_or_none()


def seen_by(connection: Connection, viewer: Viewer, photo_id: int) -> Any:
    """One picture, if the viewer may see its case, or uploaded it and it has none yet.

    Raises Missing, as if there were none.
    """
    rows, cases = table(Photo), table(Case)
    query = (
        sa.select(rows)
        .outerjoin(cases, rows.c.case_id == cases.c.id)
        .where(_any_of([photo_id]), _may_see(connection, viewer))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Missing(
            "没有这张照片，或不在您的范围内。请从案件页面进入。",
            "There is no such picture, or not within your scope. Come by the page of its case.",
        )
    return row


def _may_see(connection: Connection, viewer: Viewer) -> sa.ColumnElement[bool]:
    rows = table(Photo)
    mine = sa.and_(rows.c.case_id.is_(None), rows.c.person_id == viewer.person_id)
    return sa.or_(mine, sa.and_(rows.c.case_id.is_not(None), visible(connection, viewer)))


# -- leaving -----------------------------------------------------------------------------------


def loose_before(connection: Connection, at: datetime) -> Sequence[Any]:
    """The pictures uploaded before `at` that were never handed in."""
    rows = table(Photo)
    query = sa.select(rows).where(rows.c.case_id.is_(None), rows.c.at < at)
    return connection.execute(query.order_by(rows.c.id)).all()


def forget(
    connection: Connection, ids: Sequence[int], person_id: int | None = None
) -> tuple[str, ...]:
    """Take loose pictures out, only of a person if one is given; those of a case stay.

    Gives the paths that nothing names any more: delete these files before the transaction ends.
    """
    _take_turn(connection)
    rows, prints = table(Photo), table(PhotoPrint)
    mine = sa.true() if person_id is None else rows.c.person_id == person_id
    query = sa.select(rows.c.id, rows.c.path).where(_loose(ids), mine).with_for_update()
    gone = {row.id: row.path for row in connection.execute(query)}
    connection.execute(sa.delete(prints).where(prints.c.photo_id.in_(gone)))
    connection.execute(sa.delete(rows).where(rows.c.id.in_(gone)))
    named = sa.select(rows.c.path).where(rows.c.path.in_(set(gone.values())))
    still = set(connection.execute(named).scalars())
    return tuple(sorted(set(gone.values()) - still))
