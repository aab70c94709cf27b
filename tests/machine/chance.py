"""What is left to chance: who says what, and which verb fits."""

from typing import Any

from hypothesis import strategies as st

from models.request import RequestState
from tests.machine import city
from tests.machine.matter import CATEGORIES
from tests.machine.model import TABLE
from tests.machine.plays import ENDS

ACTORS = ("Alice", "Bob", "Carol", "督办员乙", city.INSPECTOR, "Mallory")
LIMITS = ("", "3 工作日", "4 工作时", "2 紧急工作时", "7 自然日", "当日")
CHOICES = (
    (city.CSGL,), (city.CSGL, city.ZJJ), (city.ZJJ, city.CSGL), (city.WEST,), (city.EMPTY,),
    (city.CLEAN, city.CSGL), (city.CSGL, city.CLEAN, city.GREEN), (city.GREEN, city.EMPTY),
    (city.OFFICE,), (city.WEST, city.OFFICE, city.WEST), (), ("没有的单位",),
)  # fmt: skip
NAMED = (*city.UNITS, "", "", "没有的单位")

LIKELY = {"file": 6, "acknowledge": 4, "ask": 5, "submit": 3, "verify": 5, "withdraw": 1,
          "look_back": 3, "appeal": 2, "dispatch": 2, "confirm_part": 1, "publish": 1}  # fmt: skip
"""Verbs that a long life needs more often than others."""

SPOKEN: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    actor=st.sampled_from(ACTORS),
    reason=st.sampled_from(("说明理由", "说明理由", "说明理由", "说明理由", " ")),
    units=st.sampled_from(CHOICES),
    limit=st.sampled_from(("", "", *LIMITS)),
    unit=st.sampled_from(NAMED),
    person=st.sampled_from(("", "", *city.EVERYBODY, "查无此人")),
    leader=st.sampled_from(("", "", "", *city.EVERYBODY, "查无此人")),
    category=st.sampled_from(("", *CATEGORIES, *CATEGORIES, "没有的类别")),
    days=st.integers(-1, 20) | st.integers(-1, 400),
    count=st.integers(0, 3),
    yes=st.booleans(),
    sure=st.booleans(),
)
WHICH = st.integers(0, 3)
"""Which of the cases."""


def fitting(case: dict[str, Any], pick: int, *, moves: bool) -> str:
    """A verb that the case is ready for and that does not end it; with `moves`, one that most
    often changes its status."""
    fit = [verb for verb, (where, _) in TABLE.items() if case["status"] in where]
    usual = [
        verb for verb in fit if verb not in (*ENDS, "decide") and not (moves and verb in SELDOM)
    ]
    usual += [verb for verb in usual for _ in range(LIKELY.get(verb, 0))]
    if any(asked["state"] is RequestState.OPEN for asked in case["requests"]):
        usual += ["decide"] * 10
    if case["look_back_due_at"]:
        usual += ["look_back"] * 10
    verbs = usual or fit
    return verbs[pick % len(verbs)]


SELDOM = ("note", "record_cost", "expose", "urge", "assign", "reclassify", "transfer", "take_over")
"""Verbs without which a case gets on faster."""


def sensible(case: dict[str, Any], verb: str, words: dict[str, Any], pick: int) -> dict[str, Any]:
    """What makes sense with this verb here; whatever else was said stands."""
    if verb == "ask":
        return {"days": abs(words["days"]) + 1, "yes": pick % 3 == 0}
    if verb == "decide":
        return {"actor": ("Carol", "督办员乙", words["actor"])[pick % 3]}
    if verb == "look_back":
        return {"actor": ("督办员乙", city.INSPECTOR, "Alice")[pick % 3]}
    lead = city.leading(case)
    units = {
        "take_over": city.upwards(lead["unit"])[1:] if lead else [],
        "confirm_part": [part["unit"] for part in city.parts(case) if part is not lead],
        "assign": [part["unit"] for part in city.parts(case)],
        "verify": ["", *(part["unit"] for part in city.parts(case))],
    }.get(verb)
    if not units:
        return {}
    unit = units[pick % len(units)]
    if verb != "assign":
        return {"unit": unit}
    people = ("", *city.MEMBERS[unit])
    return {"unit": unit, "person": people[pick % len(people)],
            "leader": people[pick // 5 % len(people)]}  # fmt: skip
