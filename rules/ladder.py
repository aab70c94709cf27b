"""督办阶梯: which level now, and why; what is made up for after an outage."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.case import Stage
from models.escalation import Outcome
from models.person import DutyKind
from rules.agenda import Act, Look
from rules.duty import Recipient

Who = Callable[[tuple[DutyKind, ...]], tuple[Recipient, ...]]
"""Who is told for these duties; resolved at the instant of judging."""

Done = Collection[tuple[Stage, int, str]]
"""What the log already holds for this case and epoch: (stage, level, rule)."""

UPWARDS = (DutyKind.CONTACT, DutyKind.HEAD, DutyKind.LEADER, DutyKind.OFFICE)
"""Where a reminder goes when nobody is on duty: the next duty above all it was meant for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One look as it was judged: carried out, skipped in catch-up, or nobody on duty."""

    look: Look
    outcome: Outcome
    recipients: tuple[Recipient, ...] = ()


def judge(looks: Sequence[Look], at: datetime, done: Done, who: Who) -> list[Step]:
    """What follow-up does with the looks of one case as of `at`.

    `looks` is the agenda after the last judging, in order. After an outage several have
    passed: of the levels of a clock only the highest is carried out, of its reminders only the
    last, and none where a level speaks; all others are skipped, which the log says. A level
    with nobody on duty is said too, and the next level up is told at once; where no level up
    has anybody either, each of them keeps its own time.
    """
    steps: list[Step] = []
    known = {(stage, level, rule if not level else "") for stage, level, rule in done}
    for stage in dict.fromkeys(look.stage for look in looks if look.at <= at):
        mine = [look for look in looks if look.stage is stage and _key(look) not in known]
        steps += _judge_stage(mine, at, who)
    return steps


def _key(look: Look) -> tuple[Stage, int, str]:
    """What a look is once: a reminder by its rule, a level by its number, whatever led to it."""
    return look.stage, look.level, "" if look.level else look.rule


def _judge_stage(looks: Sequence[Look], at: datetime, who: Who) -> Iterator[Step]:
    passed = [look for look in looks if look.at <= at]
    reminders = [look for look in passed if look.act is Act.REMIND]
    levels = [look for look in looks if look.act is Act.ESCALATE]
    reached = [look for look in levels if look.at <= at]
    silent = reminders if reached else reminders[:-1]
    yield from (Step(look, Outcome.SKIPPED) for look in silent)
    yield from (Step(look, Outcome.SKIPPED) for look in reached[:-1])
    if reached:
        yield from _climb(levels[levels.index(reached[-1]) :], who)
    elif reminders:
        yield _remind(reminders[-1], who)
    resumed = (look for look in passed if look.act is Act.RESUME)
    yield from (Step(look, Outcome.CARRIED_OUT) for look in resumed)


def _climb(levels: Sequence[Look], who: Who) -> list[Step]:
    empty: list[Step] = []
    for look in levels:
        told = who(look.tell)
        if told:
            return [*empty, Step(look, Outcome.CARRIED_OUT, told)]
        empty.append(Step(look, Outcome.NOBODY))
    return empty[:1]


def _remind(look: Look, who: Who) -> Step:
    told = who(look.tell)
    if told:
        return Step(look, Outcome.CARRIED_OUT, told)
    above = (found for duty in _above(look.tell) if (found := who((duty,))))
    return Step(look, Outcome.NOBODY, next(above, ()))


def _above(duties: tuple[DutyKind, ...]) -> tuple[DutyKind, ...]:
    ranks = [_RANKS[duty] for duty in duties if duty in _RANKS]
    return UPWARDS[max(ranks) + 1 :] if ranks else ()


_RANKS = {duty: rank for rank, duty in enumerate(UPWARDS)} | {
    # Above a handler there is the contact, above an inspector only the office.
    DutyKind.HANDLER: -1,
    DutyKind.INSPECTOR: UPWARDS.index(DutyKind.LEADER),
}
