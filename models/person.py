"""人员: who answers for a unit, by which duty, and how they are reached."""

from datetime import date, datetime

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


class Duty(SQLModel, table=True):
    """One person's duty for one unit. Several may share it: all of them are told."""

    __table_args__ = (UniqueConstraint("unit_id", "duty", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    duty: DutyKind = Field(sa_type=choice(DutyKind))
    person_id: int = Field(foreign_key="person.id")


class Channel(SQLModel, table=True):
    """渠道: one way to reach a person, as an Apprise URL. Tried in order of `position`.

    The URL may hold a password or a token: it is shown only masked.
    """

    __table_args__ = (UniqueConstraint("person_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    position: int = 0
    url: str


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
