"""外发接口: other systems that are told what happens to cases."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class HookState(Labelled):
    """How far a call has come."""

    OWED = "owed", "待发", "owed"
    SENT = "sent", "已接收", "accepted"
    DEAD = "dead", "未送达", "given up"


class Hook(SQLModel, table=True):
    """An address that is called, signed, for every record of the cases it may see.

    `url` and `secret` lie sealed. It has been given the overall chain up to `position`.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=60)
    url: str
    shown: str = Field(default="", max_length=300)
    secret: str
    verbs: str = Field(default="", sa_type=sa.Text)
    """The verbs it wants, parted by spaces; empty: all."""
    area_id: int | None = Field(default=None, foreign_key="area.id")
    """Only cases of this area and below; empty: the whole city."""
    position: int = 0
    active: bool = True
    created_at: datetime = Field(sa_column=instant(null=False))
    failing_since: datetime | None = Field(default=None, sa_column=instant())


class HookCall(SQLModel, table=True):
    """One record owed to a hook, and what came of it."""

    __tablename__ = "hook_call"
    __table_args__ = (
        sa.UniqueConstraint("hook_id", "record_id"),
        sa.Index(
            "ix_hook_call_waiting",
            "next_try_at",
            "id",
            sqlite_where=sa.text("state = 'owed'"),
            postgresql_where=sa.text("state = 'owed'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    hook_id: int = Field(foreign_key="hook.id")
    record_id: int = Field(foreign_key="record.id")
    state: HookState = Field(default=HookState.OWED, sa_type=choice(HookState))
    attempts: int = 0
    next_try_at: datetime = Field(sa_column=instant(null=False))
    lease_until: datetime | None = Field(default=None, sa_column=instant())
    at: datetime | None = Field(default=None, sa_column=instant())
    """Of the last attempt."""
    status: int | None = None
    answer: str = Field(default="", max_length=300)
