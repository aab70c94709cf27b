"""证据: what a unit handed in to show that a problem is put right."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import instant


class Evidence(SQLModel, table=True):
    """One submission's words and the names and digests of what came with it."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    at: datetime = Field(sa_column=instant(null=False))
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    text: str
