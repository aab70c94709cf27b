"""交办: which unit has which part in a case, from when until when."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.category import Role
from models.columns import choice, instant


class Assignment(SQLModel, table=True):
    """One unit's part in a case. `ended_at` is set when the case passes to another unit.

    `exempt` marks the time of a unit whose return was upheld: it is not counted against it.
    Inside the unit it lies with a `section` and its `handler_id`, under `leader_id`. An
    assisting unit's part is done at `confirmed_at`, and `late` if that was after it was due.
    `case_open` is whether the case is open; it is written with the case's status.
    """

    __table_args__ = (
        sa.Index("ix_assignment_case_id", "case_id"),
        sa.Index("ix_assignment_unit_id_case_id", "unit_id", "case_id"),
        # What a unit has in hand, among all it ever had.
        sa.Index(
            "ix_assignment_open",
            "unit_id",
            "case_id",
            sqlite_where=sa.text("case_open = 1 AND ended_at IS NULL"),
            postgresql_where=sa.text("case_open AND ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id")
    unit_id: int = Field(foreign_key="unit.id")
    role: Role = Field(sa_type=choice(Role))
    started_at: datetime = Field(sa_column=instant(null=False))
    ended_at: datetime | None = Field(default=None, sa_column=instant())
    exempt: bool = False
    section: str = Field(default="", max_length=60)
    handler_id: int | None = Field(default=None, foreign_key="person.id")
    leader_id: int | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_column=instant())
    late: bool | None = None
    case_open: bool = True
