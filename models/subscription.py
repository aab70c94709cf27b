"""订阅: what somebody asked to be told regularly."""

from datetime import datetime, time

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class Subscription(SQLModel, table=True):
    """A person's weekly summary of a unit and those below it, on `weekday` (0 is Monday)."""

    __table_args__ = (sa.UniqueConstraint("person_id", "unit_id"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    unit_id: int = Field(foreign_key="unit.id")
    weekday: int = 0
    at: time
    """By the city's clocks."""
    next_at: datetime = Field(sa_column=instant(null=False, index=True))
    active: bool = True
