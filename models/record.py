"""流转记录: what happened to a case, in order, each chained to the one before."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.case import Status
from models.columns import choice, instant


class Record(SQLModel, table=True):
    """One thing that happened to a case. Rows are only ever added.

    `seq` counts from 1 within the case. `data` is canonical JSON text of what else belongs to
    it; `hash` is SHA-256 over the row and `previous`, the hash before it ("" for the first).
    """

    __table_args__ = (sa.UniqueConstraint("case_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id")
    seq: int
    at: datetime = Field(sa_column=instant(null=False))
    verb: str = Field(max_length=32)
    actor: str = Field(max_length=60)
    status: Status = Field(sa_type=choice(Status))
    """The status after it."""
    words: str
    """What happened and why, in a sentence a supervisor reads."""
    data: str
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
