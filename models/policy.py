"""督办办法: one version of a policy as loaded. A case keeps the version it was dispatched by."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import instant


class PolicyVersion(SQLModel, table=True):
    """The text of one policy, as loaded, under the digest of that text."""

    __tablename__ = "policy_version"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, index=True)
    digest: str = Field(unique=True, max_length=64)
    text: str
    active: bool = False
    loaded_at: datetime = Field(sa_column=instant(null=False))
