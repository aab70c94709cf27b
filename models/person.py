"""人员: who answers for a unit, by which duty, and how they are reached."""

from datetime import date, datetime, time
from typing import NamedTuple

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Labelled, choice, instant


class DutyKind(Labelled):
    """职责: the hat a person wears for a unit. Notices are addressed to the hat."""

    HANDLER = "handler", "经办人", "handler"
    CONTACT = "contact", "联络员", "contact"
    HEAD = "head", "单位负责人", "head of the unit"
    LEADER = "leader", "分管领导", "leader in charge"
    OFFICE = "office", "创城办督办员", "supervising office"
    DISCIPLINE = "discipline", "纪检监察", "discipline inspection"
    INSPECTOR = "inspector", "检查员", "inspector"


class Person(SQLModel, table=True):
    """A person of the directory."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=60)
    active: bool = True
    lang: str = Field(default="zh", max_length=8)
    """The language of what this person is sent: "zh" or "en"."""
    digest_at: time | None = None
    """When, on working days, what can wait is told together; empty: as the policy has it."""


class Duty(SQLModel, table=True):
    """One person's duty for one unit. Several may share it: all of them are told."""

    __table_args__ = (UniqueConstraint("unit_id", "duty", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    duty: DutyKind = Field(sa_type=choice(DutyKind))
    person_id: int = Field(foreign_key="person.id")


class Channel(SQLModel, table=True):
    """渠道: one way to reach a person, as an Apprise URL. Tried in order of `position`.

    The URL may hold a password or a token: it lies here sealed, and `shown` is its mask.
    """

    __table_args__ = (UniqueConstraint("person_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    position: int = 0
    url: str
    shown: str = Field(default="", max_length=300)
    outlet: str = Field(default="", max_length=64, index=True)
    """The outlet it goes through, by its `digest`."""
    delay: int = 0
    """It is not tried before so many minutes have passed since the first attempt."""
    active: bool = True
    """Whether the person wants it used."""


class Way(NamedTuple):
    """A channel's address as it is kept: sealed, with its mask, and the outlet it goes through.

    `outlet` is the outlet's digest, `outlet_shown` what it is called; it takes `per_minute`
    messages, `burst` of them at once; 0 is as many as come.
    """

    url: str
    shown: str = ""
    outlet: str = ""
    outlet_shown: str = ""
    per_minute: int = 0
    burst: int = 0


class Absence(SQLModel, table=True):
    """A person away from `start` until `until`, with a substitute or without."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    start: datetime = Field(sa_column=instant(null=False))
    until: datetime = Field(sa_column=instant(null=False))
    substitute_id: int | None = Field(default=None, foreign_key="person.id")


class Rota(SQLModel, table=True):
    """值班表: who of several has a unit's duty in which week, in turn.

    The person at `position` 0 is on duty in the week of `first_monday`, the next one the week
    after, and round again. Weeks begin on Monday at midnight in the city's zone.
    """

    __table_args__ = (UniqueConstraint("unit_id", "duty", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    duty: DutyKind = Field(sa_type=choice(DutyKind))
    first_monday: date
    position: int
    person_id: int = Field(foreign_key="person.id")
