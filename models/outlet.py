"""出口: one account with one service, through which messages leave: its pace and its health."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class Outlet(SQLModel, table=True):
    """A robot, a mail login or an SMS account, whoever is reached through it.

    `tokens` is how many messages may go at once, as of `filled_at`; it fills by `per_minute`
    up to `burst`. After failures in a row it is open (断开): nothing goes before `closed_until`,
    then one message is let through to see.
    """

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    """Of what makes it one: scheme, host and account, never shown."""
    shown: str = Field(default="", max_length=300)
    per_minute: int = 0
    """0: as many as come."""
    burst: int = 0
    tokens: float = 0
    filled_at: datetime = Field(sa_column=instant(null=False))
    failures: int = 0
    """In a row, since something last went well."""
    closed_until: datetime | None = Field(default=None, sa_column=instant())
    failing_since: datetime | None = Field(default=None, sa_column=instant())
    good_at: datetime | None = Field(default=None, sa_column=instant())
    tried_at: datetime | None = Field(default=None, sa_column=instant())
    answer: str = Field(default="", sa_type=sa.Text)
    """What the service said last."""
