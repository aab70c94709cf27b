"""批注: what a supervisor says to a row of the escalation log."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class RemarkKind(Labelled):
    """Whether the row was only looked at, or something was said to it."""

    SEEN = "seen", "已阅", "seen"
    COMMENT = "comment", "批注", "comment"


class Remark(SQLModel, table=True):
    """One remark on a row of the escalation log. Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    escalation_id: int = Field(foreign_key="escalation.id", index=True)
    case_id: int = Field(foreign_key="case_.id")
    at: datetime = Field(sa_column=instant(null=False))
    person_id: int = Field(foreign_key="person.id")
    actor: str = Field(max_length=60)
    kind: RemarkKind = Field(sa_type=choice(RemarkKind))
    text: str
