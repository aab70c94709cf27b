"""One case of the model: a dict, and the small steps that several verbs take with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from models.case import Stage, Status
from models.category import Role
from models.request import RequestState
from tests.machine import hours, ladder
from tests.machine.city import leading, parts

Case = dict[str, Any]
S = Status
MONTH = timedelta(days=30)
LAST_PUBLISHED_YEAR = 2026
WORKING = (S.DISPATCHED, S.IN_PROGRESS, S.REWORK)
HELD = (*WORKING, S.RETURNED, S.SUSPENDED, S.SUBMITTED)
OPEN = (S.REPORTED, S.FILED, S.UNDECIDED, *HELD)
AT_WORK = (S.IN_PROGRESS, S.REWORK)

CATEGORIES = {"B0137-1": "1 工作日", "B0123-1": "2 紧急工作时", "B0150": "3 工作日"}
"""Limits by category: of one with a route (住建局 leads, 城管局 assists), of one with two equal
routes, of one with none."""


class No(Exception):  # noqa: N818 - an answer, not a mistake
    """The verb is refused."""


class Unknown(Exception):  # noqa: N818
    """A name in the question is not known."""


def need(met: object) -> None:
    """Refuse what lacks something; a text of blanks is none."""
    if not (met.strip() if isinstance(met, str) else met):
        raise No


def known(met: object) -> None:
    """Say that a name is not known."""
    if not met:
        raise Unknown


def clock_of(case: Case, stage: Stage) -> int:
    """Which clock of a stage is running."""
    names = {Stage.HANDLE: "epoch", Stage.LOOK_BACK: "look_backs"}
    return int(case[names.get(stage, "turn")])


def enter(case: Case, to: Status, at: datetime, step: Stage | None = None) -> None:
    """Enter a status, which may wait for a step."""
    case.update(status=to, since=at, turn=case["turn"] + 1)
    case["step_due_at"] = step_due(step, at) if step else None


def step_due(stage: Stage, at: datetime) -> datetime:
    """When a step begun at `at` is due."""
    return hours.due(ladder.STEP_LIMITS[stage], at)


def start_clock(case: Case, at: datetime) -> None:
    """A handling clock starts."""
    case["clock_from"] = at
    reckon(case)


def reckon(case: Case) -> None:
    """When the case is due: its limit, once more for every extension, pauses left out."""
    pauses = tuple(pause for pause in case["pauses"] if pause[1] > case["clock_from"])
    due = hours.due(case["limit"], case["clock_from"], pauses)
    for _ in range(case["extensions"]):
        due = hours.beyond(case["limit"], due, pauses)
    case["due_at"] = due
    case["provisional"] = (due - hours.TICK).year > LAST_PUBLISHED_YEAR


def end_pause(case: Case, at: datetime) -> None:
    """A suspended case is taken up again; a rest of no length was none."""
    if case["status"] is S.SUSPENDED:
        case["pauses"] += [(case["paused_at"], at)] if at > case["paused_at"] else []
        case.update(resumes_at=None, paused_at=None)


def end_look_back(case: Case) -> None:
    """Nobody needs to look back any more."""
    case.update(look_back_from=None, look_back_due_at=None, inspector=None)


def open_request(case: Case) -> dict[str, Any] | None:
    """The request that still waits for an answer."""
    return next((one for one in case["requests"] if one["state"] is RequestState.OPEN), None)


def lapse(case: Case) -> None:
    """The case has moved on before anybody decided."""
    if asked := open_request(case):
        asked["state"] = RequestState.LAPSED


def roles(units: Sequence[str]) -> list[tuple[str, Role]]:
    """The first leads, the others assist; each once."""
    named = list(dict.fromkeys(units))
    return [(unit, Role.ASSISTING if n else Role.LEAD) for n, unit in enumerate(named)]


def new_part(unit: str, role: Role) -> dict[str, Any]:
    """A unit's part, as it begins."""
    return {"unit": unit, "role": role, "ended": False, "exempt": False, "confirmed": False,
            "late": None, "handler": None, "leader": None}  # fmt: skip


def part_of(case: Case, unit: str) -> dict[str, Any]:
    """The part of a unit; of the lead when none is named."""
    lead = leading(case)
    wanted = unit or (lead["unit"] if lead else "")
    found = next((part for part in parts(case) if part["unit"] == wanted), None)
    known(found)
    assert found is not None
    return found
