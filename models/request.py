"""申请: a unit asks for more time, or for the clock to rest."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class RequestKind(Labelled):
    """What is asked for."""

    EXTENSION = "extension", "延期", "extension"
    SUSPENSION = "suspension", "挂账", "suspension"


class RequestState(Labelled):
    """How far the asking has come."""

    OPEN = "open", "待审", "open"
    GRANTED = "granted", "同意", "granted"
    REFUSED = "refused", "不同意", "refused"


class Request(SQLModel, table=True):
    """One request. `until` is the date a suspension asks for."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    kind: RequestKind = Field(sa_type=choice(RequestKind))
    state: RequestState = Field(
        default=RequestState.OPEN,
        sa_type=choice(RequestState),
    )
    reason: str
    until: datetime | None = Field(default=None, sa_column=instant())
    asked_at: datetime = Field(sa_column=instant(null=False))
    decided_at: datetime | None = Field(default=None, sa_column=instant())
