"""搁置: a case that could not be judged, kept from stopping the others of its batch."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class SetAside(SQLModel, table=True):
    """It is left alone until `retry_at`; the row goes when it could be judged.

    A case stays as it was: what was to happen to it happens late, and nothing is lost.
    """

    __tablename__ = "set_aside"

    case_id: int = Field(
        primary_key=True, foreign_key="case_.id", sa_column_kwargs={"autoincrement": False}
    )
    work: str = Field(primary_key=True, max_length=32)
    """What was to be done with it: `follow-up`, `dispatch` or `deliver`. The rest goes on."""
    error: str = Field(sa_type=sa.Text)
    tries: int = 1
    first_at: datetime = Field(sa_column=instant(null=False))
    last_at: datetime = Field(sa_column=instant(null=False))
    retry_at: datetime = Field(sa_column=instant(null=False))
