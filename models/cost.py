"""经费: what putting right cost, advanced first and settled later (先垫支、后结算)."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


class CostKind(Labelled):
    """Which side of the account."""

    ADVANCED = "advanced", "垫支", "advanced"
    SETTLED = "settled", "结算", "settled"


class Cost(SQLModel, table=True):
    """One amount of one case, in fen (1 yuan is 100 fen). Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_.id", index=True)
    kind: CostKind = Field(sa_type=choice(CostKind))
    fen: int = Field(sa_type=sa.BigInteger)
    actor: str = Field(max_length=60)
    note: str
    at: datetime = Field(sa_column=instant(null=False))
