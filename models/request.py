"""申请: a unit asks for more time, for the clock to rest, or that lateness not be counted."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Labelled, choice, instant


class RequestKind(Labelled):
    """What is asked for."""

    EXTENSION = "extension", "延期", "extension"
    SUSPENSION = "suspension", "挂账", "suspension"
    APPEAL = "appeal", "申诉", "appeal"


class RequestState(Labelled):
    """How far the asking has come."""

    OPEN = "open", "待审", "open"
    GRANTED = "granted", "同意", "granted"
    REFUSED = "refused", "不同意", "refused"
    LAPSED = "lapsed", "自动失效", "lapsed"
    """The case moved on before anybody decided."""


class Request(SQLModel, table=True):
    """One request. `until` is the date a suspension asks for; `needs` how many must agree."""

    __table_args__ = (
        sa.Index(
            "ix_request_open",
            "id",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    kind: RequestKind = Field(sa_type=choice(RequestKind))
    state: RequestState = Field(
        default=RequestState.OPEN,
        sa_type=choice(RequestState),
    )
    reason: str
    needs: int = 1
    asked_by: str = Field(default="", max_length=60)
    until: datetime | None = Field(default=None, sa_column=instant())
    asked_at: datetime = Field(sa_column=instant(null=False))
    decided_at: datetime | None = Field(default=None, sa_column=instant())


class Review(SQLModel, table=True):
    """审核: what one reviewer says to a request. One refusal refuses it."""

    __table_args__ = (UniqueConstraint("request_id", "actor"),)

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id")
    actor: str = Field(max_length=60)
    granted: bool
    reason: str
    at: datetime = Field(sa_column=instant(null=False))
