"""The city's directory as a table: who has which duty in which unit, and so who is told."""

from collections.abc import Iterable
from typing import Any

from models.category import Role
from models.person import DutyKind as Duty

OFFICE, CSGL, ZJJ, WEST, EMPTY = (
    "市创城办",
    "市城市管理局",
    "市住房和城乡建设局",
    "西岚区人民政府",
    "北坡社区居委会",
)
CLEAN, GREEN = "市环卫中心", "市绿化中心"
ABOVE = {
    OFFICE: None,
    CSGL: OFFICE,
    ZJJ: OFFICE,
    WEST: OFFICE,
    EMPTY: None,
    CLEAN: CSGL,
    GREEN: CSGL,
}
UNITS = tuple(ABOVE)

MORE = """
city: {name: 澄岚市}
units:
  - {code: clean, name: 市环卫中心, kind: department, parent: csgl, area: city}
  - {code: green, name: 市绿化中心, kind: department, parent: csgl, area: city}
people:
  - {code: both, name: 两中心联络员, channels: ["folder://both"],
     duties: [{unit: clean, duty: contact}, {unit: green, duty: contact}]}
  - {code: one, name: 检查员甲, channels: ["folder://one"],
     duties: [{unit: office, duty: inspector}]}
"""
"""Beside the city of all stories: two small units that share one contact, and an inspector."""

HOLDERS: dict[tuple[str, Duty], tuple[str, ...]] = {
    (OFFICE, Duty.OFFICE): ("Carol",),
    (OFFICE, Duty.DISCIPLINE): ("纪检监察员",),
    (CSGL, Duty.CONTACT): ("Bob",),
    (CSGL, Duty.HEAD): ("城管局负责人",),
    (CSGL, Duty.LEADER): ("城管局分管领导",),
    (ZJJ, Duty.CONTACT): ("住建局联络员",),
    (WEST, Duty.CONTACT): ("Mallory",),
    (WEST, Duty.HEAD): ("Mallory",),
    (CLEAN, Duty.CONTACT): ("两中心联络员",),
    (GREEN, Duty.CONTACT): ("两中心联络员",),
}
INSPECTOR = "检查员甲"
OF_CSGL = ("Bob", "城管局负责人", "城管局分管领导", "两中心联络员")
EVERYBODY = (*OF_CSGL, "住建局联络员", "Mallory", "Carol", "纪检监察员", INSPECTOR)
MEMBERS = {
    OFFICE: EVERYBODY,
    CSGL: OF_CSGL, ZJJ: ("住建局联络员",), WEST: ("Mallory",), EMPTY: (),
    CLEAN: ("两中心联络员",), GREEN: ("两中心联络员",),
}  # fmt: skip
"""Who has a duty in the unit or in one below it."""


def upwards(unit: str | None) -> list[str]:
    """A unit and those above it."""
    line = []
    while unit is not None:
        line.append(unit)
        unit = ABOVE[unit]
    return line


def who(unit: str | None, duty: Duty) -> tuple[str, ...]:
    """Everybody who answers for a unit by a duty; no unit means the office."""
    if duty is Duty.OFFICE:
        return HOLDERS[OFFICE, Duty.OFFICE]
    if duty in (Duty.LEADER, Duty.DISCIPLINE):
        found = (HOLDERS.get((above, duty), ()) for above in upwards(unit or OFFICE))
        return next((names for names in found if names), ())
    return HOLDERS.get((unit or OFFICE, duty), ())


def each(unit: str | None, duties: Iterable[Duty]) -> list[str]:
    """Those of several duties, each once."""
    return list(dict.fromkeys(name for duty in duties for name in who(unit, duty)))


NEAREST = (Duty.CONTACT, Duty.HEAD, Duty.LEADER, Duty.OFFICE)


def nearest(unit: str | None) -> tuple[Duty | None, tuple[str, ...]]:
    """Who is told of a dispatch: the contact, else the next duty above that anybody has."""
    found = ((duty, who(unit, duty)) for duty in NEAREST)
    return next(((duty, names) for duty, names in found if names), (None, ()))


def reached(part: dict[str, Any] | None, *duties: Duty) -> list[str]:
    """Those of several duties for one part of a case, and the person it lies with there; where
    nobody has them, whoever is next above. No part means the office."""
    unit = part["unit"] if part else None
    given = [part["handler"]] if part and part["handler"] and Duty.CONTACT in duties else []
    return list(dict.fromkeys([*given, *each(unit, duties)])) or list(nearest(unit)[1])


# -- who is told of a case ---------------------------------------------------------------------


def parts(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The units that have a part in a case now."""
    return [part for part in case["parts"] if not part["ended"]]


def leading(case: dict[str, Any]) -> dict[str, Any] | None:
    """The part of the lead unit."""
    return next((part for part in parts(case) if part["role"] is Role.LEAD), None)


def lead_unit(case: dict[str, Any]) -> str | None:
    """The unit that leads."""
    lead = leading(case)
    return lead["unit"] if lead else None


def told(case: dict[str, Any], duties: Iterable[Duty]) -> list[str]:
    """Who is told about a case by these duties, each once."""
    lead = leading(case)
    names: list[str] = []
    for duty in duties:
        names += _of(case, lead, duty)
    return list(dict.fromkeys(names))


def _of(case: dict[str, Any], lead: dict[str, Any] | None, duty: Duty) -> list[str]:
    if duty is Duty.INSPECTOR:
        return [case["inspector"]] if case["inspector"] else []
    usual = list(who(lead["unit"] if lead else None, duty))
    if duty is Duty.CONTACT and lead and lead["handler"]:
        return [lead["handler"], *usual]
    if duty is Duty.LEADER and lead and lead["leader"]:
        return [lead["leader"]]
    return usual


def helpers(case: dict[str, Any], duties: Iterable[Duty]) -> list[str]:
    """Those of the assisting units that still owe their part."""
    own = [duty for duty in duties if duty in (Duty.HANDLER, Duty.CONTACT, Duty.HEAD)]
    owing = [p for p in parts(case) if p["role"] is not Role.LEAD and not p["confirmed"]]
    return [name for part in owing for name in each(part["unit"], own)]
