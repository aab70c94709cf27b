"""照片: a picture that shows a problem, its rectification, or what a verifier saw."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class PhotoPurpose(Labelled):
    """What a picture is to show."""

    FINDING = "finding", "整改前", "before"
    SUBMISSION = "submission", "整改后", "after"
    VERIFICATION = "verification", "核查", "verification"
    LOOK_BACK = "look_back", "回头看", "look-back"


class Photo(SQLModel, table=True):
    """One picture, encoded anew without hidden data; what that data said is kept as facts.

    Until it belongs to a case (`case_id`) only whoever uploaded it sees it. `source` is the
    SHA-256 of the file as it came, `digest` of the file as it is kept, under `path` in the
    store. `lat` and `lon` are degrees of WGS 84.
    """

    __table_args__ = (
        sa.Index("ix_photo_case_id", "case_id"),
        sa.Index("ix_photo_source", "source"),
        sa.Index("ix_photo_path", "path"),
        sa.Index("ix_photo_person_id", "person_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(sa_column=instant(null=False))
    case_id: int | None = Field(default=None, foreign_key="case_.id")
    purpose: PhotoPurpose | None = Field(default=None, sa_type=choice(PhotoPurpose))
    record_seq: int | None = None
    """The record of the case that names it by its digest."""
    name: str = Field(max_length=120)
    media: str = Field(max_length=32)
    size: int
    width: int
    height: int
    source: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    path: str = Field(max_length=200)
    taken_at: datetime | None = Field(default=None, sa_column=instant())
    lat: float | None = None
    lon: float | None = None


class PhotoPrint(SQLModel, table=True):
    """指纹: a 64-bit difference hash of a picture or of a variant of it (mirrored, cropped).

    `bits` are 16 hexadecimal digits; `b0` to `b3` their four words of 16 bits, by one of which
    pictures that look alike are found.
    """

    __tablename__ = "photo_print"
    __table_args__ = (
        sa.Index("ix_photo_print_b0", "b0"),
        sa.Index("ix_photo_print_b1", "b1"),
        sa.Index("ix_photo_print_b2", "b2"),
        sa.Index("ix_photo_print_b3", "b3"),
    )

    id: int | None = Field(default=None, primary_key=True)
    photo_id: int = Field(foreign_key="photo.id", index=True)
    variant: str = Field(max_length=16)
    bits: str = Field(max_length=16)
    b0: int
    b1: int
    b2: int
    b3: int
