"""问题: what an inspector saw, first as it stands on paper, then as the ledger keeps it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice, instant


@dataclass(frozen=True, slots=True)
class Draft:
    """One finding as it stands on paper, read but not yet judged.

    `row` names the place on paper for the person who wrote it: a sheet row ("12"), or the
    nth problem of a row or heading ("12(2)"). `cells` are the raw cells of that row in the
    order of the sheet's columns, so that a refused row can be handed back as it came.
    """

    row: str
    place: str = ""
    problem: str = ""
    area: str = ""
    category: str = ""
    units: tuple[str, ...] = ()
    """Units as named, the first leading. Empty when the paper names none."""
    coordinate: bool = False
    """The paper asks for duty to be settled ("请市文明办协调解决"): nobody's yet."""
    limit: str = ""
    found_on: date | None = None
    fixed_on_spot: bool = False
    inspector: str = ""
    severity: str = ""
    number: str = ""
    """The number the paper itself gives the problem (问题编号)."""
    batch: str = ""
    remark: str = ""
    trouble: tuple[str, str] | None = None
    """Why this row cannot be taken, in Chinese and English; found while reading."""
    cells: tuple[str, ...] = field(default=(), repr=False)
    person_id: int | None = None
    """Who handed it in by the portal."""
    lat: float | None = None
    lon: float | None = None
    joins: str = ""
    """The open case of which whoever hands it in says it is the same problem."""
    photos: tuple[int, ...] = ()


class FindingOutcome(Labelled):
    """What became of one line of paper. UNCHANGED is answered, never stored."""

    ACCEPTED = "accepted", "已立案", "accepted"
    MERGED = "merged", "并入在办案件", "merged"
    FIXED = "fixed", "现场已整改", "fixed on the spot"
    REJECTED = "rejected", "未受理", "rejected"
    UNCHANGED = "unchanged", "此前已受理", "unchanged"


class Batch(SQLModel, table=True):
    """批次: one paper that was handed in, under the digest of its bytes."""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    name: str
    title: str = ""
    taken_at: datetime = Field(sa_column=instant(null=False))


class Finding(SQLModel, table=True):
    """One problem as it was handed in, with the one outcome it had.

    `key` is the digest of paper and row: the same line of the same paper is taken once.
    `wording` is the digest of what it says, by which the line is known again on other paper.
    """

    __table_args__ = (
        sa.Index("ix_finding_wording", "wording"),
        sa.Index("ix_finding_case_id", "case_id"),
        sa.Index("ix_finding_person_id_id", "person_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=64)
    wording: str = Field(max_length=64)
    batch_id: int | None = Field(default=None, foreign_key="batch.id", index=True)
    row: str = Field(max_length=64)
    outcome: FindingOutcome = Field(sa_type=choice(FindingOutcome))
    reason: str = ""
    case_id: int | None = Field(default=None, foreign_key="case_.id")
    place: str = ""
    problem: str = ""
    paper: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """The rest of what the paper said: area, category, units, limit, date, inspector …"""
    confidence: float | None = None
    """How sure the choice of category was, 0 to 1; empty when the paper named it."""
    found_on: date | None = None
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Who handed it in by the portal."""
    taken_at: datetime = Field(sa_column=instant(null=False))
