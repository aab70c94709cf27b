"""心跳: when each kind of round last went through, by the real clock."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import instant


class Heartbeat(SQLModel, table=True):
    """One kind of round: `sweep`, `follow-up`, `deliver` … Its row says that it still goes.

    `at` is when one last ended well, `failed_at` when one last failed and has not gone well
    since. Sums only ever grow, so that what watches from outside can reckon rates.
    """

    name: str = Field(primary_key=True, max_length=32)
    at: datetime | None = Field(default=None, sa_column=instant())
    took: float = 0
    """Seconds the last one took."""
    runs: int = 0
    seconds: float = 0
    """What all of them took together."""
    last: dict[str, int] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """What the last one did, by its own words."""
    done: dict[str, int] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """What all of them did together."""
    failures: int = 0
    """In a row, since one last went well."""
    failed_at: datetime | None = Field(default=None, sa_column=instant())
    error: str = Field(default="", sa_type=sa.Text)
    """Why the last one failed; empty when it did not."""
