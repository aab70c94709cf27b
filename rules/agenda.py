"""督办日程: every future look of a case, each with the rule it comes from."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from models.case import Stage, Status
from models.columns import Labelled
from models.person import DutyKind
from models.words import Words
from rules.limits import Deadline, Limit, LimitUnit, deadline, extend, parse, point
from rules.policy import Level, Policy, Reminder
from rules.worktime import DayRule, Worktime

Pauses = Sequence[tuple[datetime, datetime]]
"""挂账 spans, each from an instant up to another."""


class Act(Labelled):
    """What a look does when its instant has come."""

    REMIND = "remind", "催办", "remind"
    ESCALATE = "escalate", "督办升级", "escalate"
    RESUME = "resume", "恢复办理", "resume"


@dataclass(frozen=True, slots=True)
class Look:
    """One future look: when, of which clock, what it does, by which rule, and who is told."""

    at: datetime
    stage: Stage
    act: Act
    rule: str
    level: int = 0
    title: str = ""
    tell: tuple[DutyKind, ...] = ()
    card: str = ""
    rule_en: str = ""

    @property
    def words(self) -> Words:
        """The look in one line."""
        told_zh = "、".join(duty.words.zh for duty in self.tell)
        told_en = ", ".join(duty.words.en for duty in self.tell)
        level_zh = f"{self.level} 级 {self.title}，" if self.level else ""
        level_en = f" level {self.level} ({self.title})" if self.level else ""
        rule_en = self.rule_en or self.rule
        return Words(
            f"{self.stage.words.zh}{self.rule}：{self.act.words.zh}，{level_zh}告知{told_zh}"
            if self.tell
            else f"{self.act.words.zh}（{self.rule}）",
            f"{self.stage.words.en}, {rule_en}: {self.act.words.en}{level_en}, tell {told_en}"
            if self.tell
            else f"{self.act.words.en} ({rule_en})",
        )


class CaseFacts(Protocol):
    """What the rules need to know of a case."""

    @property
    def status(self) -> Status: ...
    @property
    def limit(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def step_due_at(self) -> datetime | None: ...
    @property
    def clock_from(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def resumes_at(self) -> datetime | None: ...
    @property
    def look_back_from(self) -> datetime | None: ...
    @property
    def look_back_due_at(self) -> datetime | None: ...
    @property
    def raised(self) -> int: ...
    @property
    def raised_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Book:
    """The rules one case is judged by: its policy, and the city's working time.

    `published` are the years whose calendar is known; a deadline beyond them is provisional.
    """

    policy: Policy
    worktime: Worktime
    published: frozenset[int]
    limits: dict[str, Limit] = field(default_factory=dict, repr=False, compare=False)
    clocks: dict[tuple[object, ...], tuple[Look, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    deadlines: dict[tuple[object, ...], Deadline] = field(
        default_factory=dict, repr=False, compare=False
    )

    def limit(self, text: str) -> Limit:
        """The limit a text means where this policy is in force. Raises LimitError."""
        if text not in self.limits:
            self.limits[text] = parse(text, self.policy.bare)
        return self.limits[text]

    def deadline(self, limit: Limit, start: datetime, pauses: Pauses = ()) -> Deadline:
        """When `limit` is used up from `start`, by the policy's day rule."""
        key = (limit, start, tuple(pauses))
        if key not in self.deadlines:
            self.deadlines[key] = deadline(
                limit,
                start,
                self.worktime,
                day_rule=self.policy.reading.day_rule,
                published=self.published,
                pauses=pauses,
            )
        return self.deadlines[key]

    def handling(
        self, limit: Limit, start: datetime, extensions: int, pauses: Pauses = ()
    ) -> Deadline:
        """The handling deadline: the limit from `start`, once more for every extension.

        A rest that was over when the clock began is no matter.
        """
        pauses = [pause for pause in pauses if pause[1] > start]
        due = self.deadline(limit, start, pauses)
        for _ in range(extensions):
            due = extend(due, limit, self.worktime, published=self.published, pauses=pauses)
        return due

    def beyond(self, limit: Limit, due: datetime, pauses: Pauses = ()) -> datetime:
        """The instant that lies `limit` beyond a due instant.

        A due instant at midnight belongs to the day it closes: one working day beyond the end
        of Monday is Tuesday at closing.
        """
        rule = DayRule.of(self.policy.reading.day_rule)
        ended = Deadline(due, due, limit, rule)
        return extend(ended, limit, self.worktime, self.published, pauses=pauses).due_at


STEP: dict[Status, Stage] = {
    Status.REPORTED: Stage.FILE,
    Status.FILED: Stage.DISPATCH,
    Status.UNDECIDED: Stage.DISPATCH,
    Status.DISPATCHED: Stage.SIGN,
    Status.RETURNED: Stage.RULE,
    Status.SUBMITTED: Stage.VERIFY,
    Status.CLOSED: Stage.PUBLISH,
}
"""The step a status waits for; its clock runs beside the handling clock."""

HANDLING = {Status.DISPATCHED, Status.IN_PROGRESS, Status.RETURNED, Status.REWORK}
"""The statuses in which the handling clock runs. Sending back does not stop it."""


def agenda(case: CaseFacts, book: Book, after: datetime, pauses: Pauses = ()) -> list[Look]:
    """Every look of the case later than `after`, in order of time."""
    looks = [look for clock in _all(case, book, pauses) for look in _later(clock, after)]
    return sorted(looks, key=_order)


def next_look(case: CaseFacts, book: Book, after: datetime, pauses: Pauses = ()) -> datetime | None:
    """The first instant later than `after` at which the case is worth a look."""
    firsts = (_later(clock, after)[:1] for clock in _all(case, book, pauses))
    return min((look.at for first in firsts for look in first), default=None)


def _order(look: Look) -> tuple[datetime, int]:
    return look.at, look.level


def _later(looks: Sequence[Look], after: datetime) -> Sequence[Look]:
    return looks[bisect_right(looks, after, key=lambda look: look.at) :]


def _all(case: CaseFacts, book: Book, pauses: Pauses) -> list[Sequence[Look]]:
    """The looks of every clock of the case, each in order of time."""
    looks: list[Sequence[Look]] = []
    if case.status in HANDLING and case.due_at and case.clock_from:
        clock = (case.clock_from, case.due_at, case.limit, pauses)
        looks.append(_raised(_clock(book, Stage.HANDLE, *clock), case))
    step = STEP.get(case.status)
    if step and case.step_due_at:
        looks.append(_clock(book, step, case.since, case.step_due_at, "", ()))
    if case.status is Status.SUSPENDED and case.resumes_at:
        looks.append([_resume(case.resumes_at)])
    if case.status is Status.CLOSED and case.look_back_from and case.look_back_due_at:
        again = (case.look_back_from, case.look_back_due_at)
        looks.append(_clock(book, Stage.LOOK_BACK, *again, "", ()))
    return looks


def _resume(at: datetime) -> Look:
    return Look(at, Stage.HANDLE, Act.RESUME, "挂账期满", rule_en="the suspension ends")


def _raised(looks: Sequence[Look], case: CaseFacts) -> Sequence[Look]:
    """The looks of a case that stands `raised` levels above its ladder.

    Each level comes at the instant of the level so far below it, and not before the case was
    raised; those with none below come at that instant.
    """
    if not case.raised or case.raised_at is None:
        return looks
    levels = [look for look in looks if look.level]
    moved = [_sooner(look, levels, case.raised, case.raised_at) for look in levels]
    return sorted([look for look in looks if not look.level] + moved, key=_order)


def _sooner(look: Look, levels: Sequence[Look], raised: int, raised_at: datetime) -> Look:
    below = next((other for other in levels if other.level == look.level - raised), None)
    if below is None or below.at <= raised_at:
        return replace(look, at=raised_at, rule=RAISED.zh, rule_en=RAISED.en)
    return replace(look, at=below.at, rule=below.rule, rule_en=below.rule_en)


RAISED = Words("提级", "raised")
"""The rule by which a level comes because the case was raised, not because time has passed."""


def _clock(
    book: Book, stage: Stage, start: datetime, due: datetime, limit: str, pauses: Pauses
) -> tuple[Look, ...]:
    """All looks of one clock, in order. Cases dispatched together share them: they are kept."""
    key = (stage, start, due, limit, tuple(pauses))
    if key not in book.clocks:
        looks = _reckon(book, stage, start, due, limit, pauses)
        book.clocks[key] = tuple(sorted(looks, key=_order))
    return book.clocks[key]


def _reckon(
    book: Book, stage: Stage, start: datetime, due: datetime, limit: str, pauses: Pauses
) -> list[Look]:
    rules = book.policy.stages[stage]
    clock = Deadline(due, start, _limit(limit, stage, book), DayRule.HOURS, tuple(pauses))
    reminders = [
        _reminder(at, stage, reminder)
        for reminder in rules.reminders
        if (at := _moment(reminder, clock, book)) > start
    ]
    levels = [_level(level, stage, due, book, pauses) for level in rules.ladder]
    return reminders + levels


def _limit(limit: str, stage: Stage, book: Book) -> Limit:
    """The case's own limit, or the stage's where the case has none."""
    return book.limit(limit) if limit else book.policy.stages[stage].limit


def _reminder(at: datetime, stage: Stage, reminder: Reminder) -> Look:
    rule = reminder.words
    return Look(at, stage, Act.REMIND, rule.zh, tell=reminder.tell, rule_en=rule.en)


def _moment(reminder: Reminder, clock: Deadline, book: Book) -> datetime:
    if reminder.at is not None:
        return point(clock, book.worktime, reminder.at)
    if reminder.before is not None:
        return before(clock.due_at, reminder.before, book, clock.pauses)
    if reminder.after:
        return book.beyond(reminder.after, clock.due_at, clock.pauses)
    return clock.due_at


def before(due: datetime, limit: Limit, book: Book, pauses: Pauses = ()) -> datetime:
    """The instant that lies `limit` before `due`."""
    worktime, amount = book.worktime, limit.amount
    span = timedelta(hours=float(limit.unit.hours * amount))
    if limit.unit is LimitUnit.WORKING_HOUR:
        return worktime.add(due, -span, pauses)
    if limit.unit is not LimitUnit.WORKING_DAY:
        return worktime.local(due.astimezone(UTC) - span)
    if isinstance(amount, int):
        return worktime.add_days(due, -amount, DayRule.SAME_TIME, pauses)
    return worktime.add(due, -worktime.day_length * float(amount), pauses)


def _level(level: Level, stage: Stage, due: datetime, book: Book, pauses: Pauses) -> Look:
    at = book.beyond(level.after, due, pauses) if level.after else due
    rule, act = level.words, Act.ESCALATE
    return Look(at, stage, act, rule.zh, level.level, level.title, level.tell, level.card, rule.en)
