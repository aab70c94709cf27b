"""会商: a meeting that settled who answers for a case."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class Meeting(SQLModel, table=True):
    """One meeting: when it was held, who took part, what it decided, under which minutes."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    held_at: datetime = Field(sa_column=instant(null=False))
    participants: list[Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    decision: str
    minutes: str = Field(default="", max_length=120)
    """纪要文号: the number of the minutes."""
