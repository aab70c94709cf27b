"""总账: every record of every case in one order, chained, and signed from time to time."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import instant


class Entry(SQLModel, table=True):
    """One record's place in the overall chain. `hash` binds it to the entry before."""

    __tablename__ = "journal"

    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    record_id: int = Field(foreign_key="record.id", unique=True)
    hash: str = Field(max_length=64)


class Checkpoint(SQLModel, table=True):
    """签封: the overall chain up to a position, signed with the office's Ed25519 key."""

    id: int | None = Field(default=None, primary_key=True)
    position: int
    hash: str = Field(max_length=64)
    at: datetime = Field(sa_column=instant(null=False))
    key: str = Field(max_length=64)
    """The public key, 32 bytes in hexadecimal."""
    signature: str = Field(max_length=128)
    """64 bytes in hexadecimal."""
