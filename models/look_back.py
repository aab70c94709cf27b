"""回头看: a closed case is looked at again, by somebody who did not verify it."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class Draw(SQLModel, table=True):
    """抽查: one draw among the cases closed after the draw before it. `seed` repeats it."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=instant(null=False))
    since: datetime | None = Field(default=None, sa_column=instant())
    seed: str = Field(max_length=120)
    rate: str = Field(max_length=32)
    population: int
    drawn: int


class LookBack(SQLModel, table=True):
    """One look-back: who looks by when, and what was found. Open until `done_at` is set."""

    __tablename__ = "look_back"
    __table_args__ = (sa.Index("ix_look_back_inspector", "inspector_id", "done_at"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    draw_id: int | None = Field(default=None, foreign_key="draw.id")
    inspector_id: int | None = Field(default=None, foreign_key="person.id")
    drawn_at: datetime = Field(sa_column=instant(null=False))
    due_at: datetime = Field(sa_column=instant(null=False))
    done_at: datetime | None = Field(default=None, sa_column=instant())
    passed: bool | None = None
    actor: str = Field(default="", max_length=60)
    reason: str = ""
