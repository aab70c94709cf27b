"""来信: what comes back by mail, whoever it is from."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class IncomingKind(Labelled):
    """What a mail that came in turned out to be."""

    REPLY = "reply", "回复", "reply"
    AUTOMATIC = "automatic", "自动回复", "automatic reply"
    BOUNCE = "bounce", "退信", "bounce"
    RECEIPT = "receipt", "已读回执", "read receipt"
    LOOP = "loop", "回环", "loop"
    UNKNOWN = "unknown", "来源不明", "of unknown origin"


class Incoming(SQLModel, table=True):
    """One mail, taken in once by its `message_id`.

    What belongs to no case or comes from nobody known waits for a supervisor until `settled_at`.
    """

    __table_args__ = (
        sa.Index(
            "ix_incoming_waiting",
            "id",
            sqlite_where=sa.text("kind = 'unknown' AND settled_at IS NULL"),
            postgresql_where=sa.text("kind = 'unknown' AND settled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True, max_length=64)
    """Digest of its Message-ID, or of the whole mail where it has none."""
    kind: IncomingKind = Field(sa_type=choice(IncomingKind))
    sender: str = Field(default="", max_length=254)
    subject: str = Field(default="", max_length=200)
    text: str = Field(default="", sa_type=sa.Text)
    """What was written above the quotation, at most 4,000 characters."""
    why: str = Field(default="", max_length=300)
    """Why it was taken for what it is, in Chinese."""
    person_id: int | None = Field(default=None, foreign_key="person.id")
    case_id: int | None = Field(default=None, foreign_key="case_.id", index=True)
    notice_id: int | None = Field(default=None, foreign_key="notice.id")
    photos: int = 0
    """So many of its attachments became evidence."""
    refused: int = 0
    """So many did not."""
    received_at: datetime = Field(sa_column=instant(null=False))
    settled_at: datetime | None = Field(default=None, sa_column=instant())
    settled_by: str = Field(default="", max_length=60)
