"""处置: interviews and what goes beyond. The engine proposes, a supervisor records."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class MeasureKind(Labelled):
    """What is done about a unit that does not put things right."""

    INTERVIEW = "interview", "约谈", "interview"
    ADMONITION = "admonition", "诫勉谈话", "admonition"
    REASSIGNMENT = "reassignment", "换岗", "reassignment"


class ProposalState(Labelled):
    """What became of a proposal."""

    OPEN = "open", "待定", "open"
    RECORDED = "recorded", "已处置", "recorded"
    DISMISSED = "dismissed", "不采纳", "dismissed"


class Proposal(SQLModel, table=True):
    """处置建议: the engine's, with its rule and reason. `cause_id` is the row of the escalation
    log that completed it; that row never completes the same rule again.
    """

    __table_args__ = (sa.UniqueConstraint("unit_id", "rule", "cause_id"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    case_id: int = Field(foreign_key="case_.id")
    cause_id: int = Field(foreign_key="escalation.id")
    kind: MeasureKind = Field(sa_type=choice(MeasureKind))
    rule: str = Field(max_length=64)
    reason: str
    made_at: datetime = Field(sa_column=instant(null=False))
    state: ProposalState = Field(default=ProposalState.OPEN, sa_type=choice(ProposalState))
    decided_at: datetime | None = Field(default=None, sa_column=instant())
    actor: str = Field(default="", max_length=60)


class Measure(SQLModel, table=True):
    """处置登记: what was done, by its document number. Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    case_id: int = Field(foreign_key="case_.id")
    proposal_id: int | None = Field(default=None, foreign_key="proposal.id")
    kind: MeasureKind = Field(sa_type=choice(MeasureKind))
    person: str = Field(default="", max_length=60)
    """Whom it concerned; empty: the unit."""
    document: str = Field(unique=True, max_length=120)
    held_on: date
    reason: str
    actor: str = Field(max_length=60)
    at: datetime = Field(sa_column=instant(null=False))
