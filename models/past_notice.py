"""往来存档: what was sent about cases that were closed long ago."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import choice, instant
from models.notice import NoticeKind, NoticeState


class PastNotice(SQLModel, table=True):
    """One notice that is over, with its attempts. `id` and `key` are those it had in the outbox.

    `year` is that in which its case was closed, in the city's zone. On PostgreSQL each year is
    a partition of its own, so that a year can be let go without touching the others.
    """

    __tablename__ = "past_notice"
    __table_args__ = (
        sa.Index("ix_past_notice_case_id", "case_id"),
        sa.Index("ix_past_notice_key", "key"),
        {"postgresql_partition_by": "LIST (year)"},
    )

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str = Field(max_length=160)
    case_id: int = Field(foreign_key="case_.id")
    person_id: int = Field(foreign_key="person.id")
    unit_id: int = Field(foreign_key="unit.id")
    kind: NoticeKind = Field(sa_type=choice(NoticeKind))
    facts: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    owed_at: datetime = Field(sa_column=instant(null=False))
    next_try_at: datetime = Field(sa_column=instant(null=False))
    state: NoticeState = Field(sa_type=choice(NoticeState))
    attempts: int = 0
    forgiven: int = 0
    ended_at: datetime | None = Field(default=None, sa_column=instant())
    arrived_at: datetime | None = Field(default=None, sa_column=instant())
    read_at: datetime | None = Field(default=None, sa_column=instant())
    deliveries: list[dict[str, Any]] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """Its attempts in order: the columns of `Delivery`, instants as ISO 8601 text in UTC."""
