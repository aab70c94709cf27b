"""立案标准与责任路由: kinds of problem with their limits, and who answers for which kind where."""

from datetime import date

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Labelled, choice


class CategoryKind(Labelled):
    """部件 is a thing of the city, 事件 something happening in it."""

    COMPONENT = "component", "部件", "component"
    EVENT = "event", "事件", "event"


class Category(SQLModel, table=True):
    """小类: when a problem is filed, when it counts as put right, and how long that may take."""

    code: str = Field(primary_key=True, max_length=32)
    kind: CategoryKind = Field(sa_type=choice(CategoryKind))
    major: str = Field(max_length=60)
    minor: str = Field(max_length=60)
    filing: str
    closing: str
    limit: str = Field(max_length=32)
    keywords: str
    source: str


class Role(Labelled):
    """The part a unit plays in a case."""

    LEAD = "lead", "牵头单位", "lead unit"
    RESPONSIBLE = "responsible", "责任单位", "responsible unit"
    ASSISTING = "assisting", "协同单位", "assisting unit"


class Route(SQLModel, table=True):
    """责任路由: categories (a pattern such as "01*" or "*") within an area subtree, for a time.

    No area means everywhere. Valid from `valid_from` up to, not including, `valid_until`.
    """

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=64)
    pattern: str = Field(max_length=64)
    area_id: int | None = Field(default=None, foreign_key="area.id")
    valid_from: date | None = None
    valid_until: date | None = None


class RouteUnit(SQLModel, table=True):
    """One unit on a route, with its role. Exactly one leads."""

    __tablename__ = "route_unit"
    __table_args__ = (UniqueConstraint("route_id", "unit_id"),)

    id: int | None = Field(default=None, primary_key=True)
    route_id: int = Field(foreign_key="route.id")
    unit_id: int = Field(foreign_key="unit.id")
    role: Role = Field(sa_type=choice(Role))
