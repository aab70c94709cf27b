"""督办日志: every reminder point and level reached, and those that could not be carried out."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.case import Stage
from models.columns import Labelled, choice, instant


class Outcome(Labelled):
    """What became of a level or a reminder point."""

    CARRIED_OUT = "carried_out", "已执行", "carried out"
    SKIPPED = "skipped: catch-up", "补偿跳过", "skipped: catch-up"
    NOBODY = "nobody on duty", "无人在岗", "nobody on duty"


class Escalation(SQLModel, table=True):
    """One row of the escalation log. Once for each clock, level and rule of a case.

    `epoch` is which clock of its stage: the case's epoch for handling, its count of look-backs
    for those, its turn for a step. `unit_id` is the unit that led then.

    `level` 0 is a reminder; 1 and above are levels of the ladder. `recipients` lists who was
    told, each {"person", "unit", "duty"}; `record_seq` names the record that holds the same.
    """

    __table_args__ = (
        sa.UniqueConstraint("case_id", "epoch", "stage", "level", "rule"),
        sa.Index("ix_escalation_at_id", "at", "id"),
        sa.Index(
            "ix_escalation_levels",
            "unit_id",
            "at",
            sqlite_where=sa.text("level > 0"),
            postgresql_where=sa.text("level > 0"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    epoch: int
    stage: Stage = Field(sa_type=choice(Stage))
    level: int
    rule: str = Field(max_length=64)
    card: str = Field(default="", max_length=16)
    planned_at: datetime = Field(sa_column=instant(null=False))
    at: datetime = Field(sa_column=instant(null=False))
    outcome: Outcome = Field(sa_type=choice(Outcome))
    recipients: list[dict[str, Any]] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    record_seq: int
