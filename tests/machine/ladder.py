"""The ladder of the policy chuangcheng, its figures written down by hand, and how it is climbed."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from models.case import Stage, Status
from models.escalation import Outcome
from models.person import DutyKind as Duty
from tests.machine import hours
from tests.machine.city import NEAREST, helpers, told
from tests.machine.hours import Spans

STEP_LIMITS = {
    Stage.FILE: "4 工作时",
    Stage.DISPATCH: "当日",
    Stage.SIGN: "1 工作日",
    Stage.RULE: "1 工作日",
    Stage.VERIFY: "2 工作日",
    Stage.PUBLISH: "7 自然日",
    Stage.LOOK_BACK: "30 自然日",
}
REWORK = "2 工作日"
USUAL = "3 工作日"

STEPS = {
    Status.REPORTED: Stage.FILE,
    Status.FILED: Stage.DISPATCH,
    Status.UNDECIDED: Stage.DISPATCH,
    Status.DISPATCHED: Stage.SIGN,
    Status.RETURNED: Stage.RULE,
    Status.SUBMITTED: Stage.VERIFY,
    Status.CLOSED: Stage.PUBLISH,
}
HANDLED = (Status.DISPATCHED, Status.IN_PROGRESS, Status.RETURNED, Status.REWORK)
"""Where the handling clock runs."""


class Look(NamedTuple):
    """A point of a clock: level 0 is a reminder."""

    at: datetime
    stage: Stage
    level: int
    rule: str
    tell: tuple[Duty, ...]
    card: str = ""


_LEVELS: tuple[tuple[int, str, tuple[Duty, ...], str], ...] = (
    (1, "", (Duty.HEAD, Duty.CONTACT), "yellow"),
    (2, "1 工作日", (Duty.LEADER, Duty.HEAD), ""),
    (3, "3 工作日", (Duty.OFFICE, Duty.LEADER), "red"),
    (4, "5 工作日", (Duty.OFFICE, Duty.LEADER, Duty.HEAD), ""),
    (5, "10 工作日", (Duty.DISCIPLINE, Duty.OFFICE), ""),
)
_TO_THE_OFFICE: dict[Stage, tuple[Duty, ...]] = {
    Stage.FILE: (Duty.OFFICE,),
    Stage.DISPATCH: (Duty.OFFICE,),
    Stage.RULE: (Duty.OFFICE,),
    Stage.VERIFY: (Duty.OFFICE,),
    Stage.PUBLISH: (Duty.OFFICE,),
    Stage.LOOK_BACK: (Duty.OFFICE, Duty.INSPECTOR),
}


@cache
def handling(start: datetime, due: datetime, limit: str, pauses: Spans) -> tuple[Look, ...]:
    """Every point of a handling clock."""
    before = hours.used_up_before(due, timedelta(hours=2), hours.working, pauses)
    reminders = (
        (hours.share(start, due, limit, 50, pauses), "时限过 50%", (Duty.CONTACT,)),
        (hours.share(start, due, limit, 80, pauses), "时限过 80%", (Duty.CONTACT, Duty.HEAD)),
        (before, "到期前 2 工作时", (Duty.CONTACT,)),
    )
    stage = Stage.HANDLE
    looks = [Look(at, stage, 0, rule, tell) for at, rule, tell in reminders if at > start]
    for level, after, tell, card in _LEVELS:
        at = hours.beyond(after, due, pauses) if after else due
        looks.append(Look(at, stage, level, f"逾期 {after}" if after else "到期", tell, card))
    return tuple(looks)


@cache
def stepping(stage: Stage, start: datetime, due: datetime) -> tuple[Look, ...]:
    """Every point of the clock of a step, or of a look-back."""
    if stage is Stage.SIGN:
        return (Look(due, stage, 0, "到期", (Duty.CONTACT, Duty.HEAD)),)
    level = Look(due, stage, 1, "到期", _TO_THE_OFFICE[stage])
    if stage is not Stage.LOOK_BACK:
        return (level,)
    half = hours.share(start, due, STEP_LIMITS[stage], 50, ())
    ahead = hours.days_before(due, 3)
    reminders = ((half, "时限过 50%"), (ahead, "到期前 3 工作日"))
    points = [Look(at, stage, 0, rule, (Duty.INSPECTOR,)) for at, rule in reminders if at > start]
    return (*points, level)


def looks(case: dict[str, Any]) -> list[Look]:
    """Every point of every clock of a case that runs, in order of time."""
    found: list[Look] = []
    if case["status"] in HANDLED:
        pauses = tuple(pause for pause in case["pauses"] if pause[1] > case["clock_from"])
        clock = handling(case["clock_from"], case["due_at"], case["limit"], pauses)
        found += _raised(case, list(clock))
    step = STEPS.get(case["status"])
    if step and case["step_due_at"]:
        found += stepping(step, case["since"], case["step_due_at"])
    if case["status"] is Status.CLOSED and case["look_back_due_at"]:
        found += stepping(Stage.LOOK_BACK, case["look_back_from"], case["look_back_due_at"])
    return sorted(found, key=lambda look: (look.at, look.level))


def _raised(case: dict[str, Any], clock: list[Look]) -> list[Look]:
    """A case raised by n: each level comes when the one n below would, not before it was raised."""
    by, since = case["raised"], case["raised_at"]
    if not by:
        return clock
    usual = {look.level: look for look in clock if look.level}
    moved = [look for look in clock if not look.level]
    for level, look in usual.items():
        below = usual.get(level - by)
        if below and below.at > since:
            moved.append(look._replace(at=below.at, rule=below.rule))
        else:
            moved.append(look._replace(at=since, rule="提级"))
    return moved


def next_look(case: dict[str, Any]) -> datetime | None:
    """When the case is worth a look."""
    if case["status"] is Status.SUSPENDED:
        resumes: datetime = case["resumes_at"]
        return resumes
    return min((look.at for look in looks(case) if later(look.at, case)), default=None)


def later(at: datetime, case: dict[str, Any]) -> datetime | None:
    """An instant, if the case has not been judged so far."""
    return at if at > case["looked_until"] else None


# -- what a look comes to ----------------------------------------------------------------------

Step = tuple[Look, Outcome, list[str]]


def judge(case: dict[str, Any], at: datetime, done: set[tuple[Stage, int, str]]) -> list[Step]:
    """What follow-up does with a case at an instant.

    After an outage the last reminder speaks for those before it, and the highest level for all;
    the rest is skipped. `done` is what the log holds of the clocks that run.
    """
    coming = [look for look in looks(case) if later(look.at, case) and not _made(look, done)]
    steps: list[Step] = []
    for stage in Stage:
        mine = [look for look in coming if look.stage is stage]
        reached = [look for look in mine if look.level and look.at <= at]
        reminders = [look for look in mine if not look.level and look.at <= at]
        spoken = reached[-1:] or reminders[-1:]
        silent = [look for look in (*reminders, *reached) if look not in spoken]
        steps += [(look, Outcome.SKIPPED, []) for look in silent]
        if reached:
            levels = [look for look in mine if look.level]
            steps += _climb(case, levels[levels.index(reached[-1]) :])
        elif reminders:
            steps.append(_remind(case, reminders[-1]))
    return steps


def _made(look: Look, done: set[tuple[Stage, int, str]]) -> bool:
    return any(
        stage is look.stage and level == look.level and (level or rule == look.rule)
        for stage, level, rule in done
    )


def _climb(case: dict[str, Any], levels: list[Look]) -> list[Step]:
    """The level reached; where nobody is on duty, the next one up that finds somebody."""
    empty: list[Step] = []
    for look in levels:
        if names := told(case, look.tell):
            return [*empty, (look, Outcome.CARRIED_OUT, _with_helpers(case, look, names))]
        empty.append((look, Outcome.NOBODY, []))
    return empty[:1]


def _remind(case: dict[str, Any], look: Look) -> Step:
    if names := told(case, look.tell):
        return look, Outcome.CARRIED_OUT, _with_helpers(case, look, names)
    above = NEAREST[max(_RANKS[duty] for duty in look.tell) + 1 :]
    instead = (names for duty in above if (names := told(case, (duty,))))
    return look, Outcome.NOBODY, next(instead, [])


_RANKS = {Duty.CONTACT: 0, Duty.HEAD: 1, Duty.LEADER: 2, Duty.INSPECTOR: 2, Duty.OFFICE: 3}
"""Above a leader, and above an inspector, there is only the office."""


def _with_helpers(case: dict[str, Any], look: Look, names: list[str]) -> list[str]:
    """Units that assist are told with the lead, of what concerns handling; everybody once."""
    if look.stage is not Stage.HANDLE:
        return names
    return list(dict.fromkeys([*names, *helpers(case, look.tell)]))


# -- nothing is lost ---------------------------------------------------------------------------


def lost_levels(case: dict[str, Any], at: datetime) -> list[Look]:
    """Levels reached by `at` that the log does not hold: after a sweep there may be none.

    This asks the log alone, not how far the case has been judged. What lies before the epoch
    (because the case had been raised then) was at its own time.
    """
    rows = {(stage, clock, level) for clock, stage, level, _ in case["log"]}
    own = {look.stage for look in looks(case)}
    clocks = {stage: {case["turn"]} for stage in own} | {
        Stage.HANDLE: {case["epoch"]}, Stage.LOOK_BACK: {case["look_backs"]},
        # Filed and undecided are two turns of one clock.
        Stage.DISPATCH: {case["turn"], case["turn"] - 1},
    }  # fmt: skip
    return [
        look
        for look in looks(case)
        if look.level and look.at <= at
        and not any((look.stage, clock, look.level) in rows for clock in clocks[look.stage])
        and not (look.stage is Stage.HANDLE and look.at <= case["epoch_from"])
    ]  # fmt: skip
