"""单位与辖区: who can be made responsible, and the places they answer for."""

from sqlmodel import Field, SQLModel

from models.columns import Labelled, choice


class UnitKind(Labelled):
    """What a unit is, and so by which duty it is addressed."""

    OFFICE = "office", "督办机构", "supervising office"
    DEPARTMENT = "department", "职能部门", "department (line)"
    TERRITORY = "territory", "属地单位", "territorial unit (block)"
    ENTERPRISE = "enterprise", "权属单位", "enterprise or owner"


class Area(SQLModel, table=True):
    """辖区: city, district, street, community. `path` lists the ids from the root: "/1/4/9/"."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=120)
    parent_id: int | None = Field(default=None, foreign_key="area.id")
    path: str = Field(default="/", max_length=255, index=True)


class Unit(SQLModel, table=True):
    """单位. Its parent is the unit whose leader is told when this one is late."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=64)
    name: str = Field(unique=True, max_length=120)
    kind: UnitKind = Field(sa_type=choice(UnitKind))
    parent_id: int | None = Field(default=None, foreign_key="unit.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")


class UnitAlias(SQLModel, table=True):
    """Another name under which ledgers call a unit (简称、旧称)."""

    __tablename__ = "unit_alias"

    name: str = Field(primary_key=True, max_length=120)
    unit_id: int = Field(foreign_key="unit.id")
