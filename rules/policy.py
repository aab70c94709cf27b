"""督办办法: limits, reminder points and the ladder, read from YAML and checked line by line."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from fractions import Fraction
from itertools import pairwise, takewhile
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from models.case import LimitSource, Stage
from models.person import DutyKind
from models.words import Trouble, Words
from rules import plain_yaml
from rules.limits import Limit, LimitUnit
from rules.limits import parse as parse_limit


class PolicyTrouble(Trouble):
    """A policy that cannot be used; names the file, the line, the field and the rule."""


class _BrokenError(ValueError):
    """A rule of this file that a value breaks, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Words(zh, en)


def _limit(value: Any) -> Limit:
    if isinstance(value, Limit):
        return value
    if not isinstance(value, str):
        raise _BrokenError(
            "时间须带单位，如“3 工作日”、“4 工作时”", 'a time needs its unit, such as "3 工作日"'
        )
    try:
        return parse_limit(value)
    except Trouble as trouble:
        raise _BrokenError(*trouble.words) from None


def _offset(value: Any) -> Limit | None:
    """How long after the limit; None is at once, which is written 0."""
    return None if value is None or _nought(value) else _limit(value)


def _moment_after(value: Any) -> Limit | int | None:
    return 0 if _nought(value) else _offset(value)


def _nought(value: Any) -> bool:
    return type(value) is int and value == 0


_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%")


def _percent(value: Any) -> Fraction:
    if isinstance(value, Fraction):
        return value
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    share = Fraction(found[1]) / 100 if found else Fraction(0)
    if not 0 < share <= 1:
        raise _BrokenError(
            "应为大于 0%、不超过 100% 的百分数，如 80%",
            "a percentage above 0% and up to 100% is expected, such as 80%",
        )
    return share


def _evening(value: Any) -> Limit | None:
    limit = _offset(value)
    hours = (LimitUnit.CONTINUOUS_HOUR, LimitUnit.WORKING_HOUR)
    if limit is not None and (limit.unit not in hours or limit.amount > LONGEST_EVENING):
        raise _BrokenError(
            f"应为小时数，不超过 {LONGEST_EVENING} 小时，如“2 自然小时”；下班即静默写 0",
            f'hours are expected, at most {LONGEST_EVENING}, such as "2 continuous hours"; '
            "0 for quiet from closing time on",
        )
    return limit


LONGEST_EVENING = 6
"""Hours after closing; more would be night."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _clock(value: Any) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        # Without quotes YAML reads 10:00 as the number 600.
        raise _BrokenError('应为带引号的时刻，如 "08:30"', 'a time in quotes, such as "08:30"')
    return time(int(found[1]), int(found[2]))


LimitText = Annotated[Limit, BeforeValidator(_limit)]
Evening = Annotated[Limit | None, BeforeValidator(_evening)]
Clock = Annotated[time, BeforeValidator(_clock)]
Offset = Annotated[Limit | None, BeforeValidator(_offset)]
MomentAfter = Annotated[Limit | Literal[0] | None, BeforeValidator(_moment_after)]
Percent = Annotated[Fraction, BeforeValidator(_percent)]
Tell = Annotated[tuple[DutyKind, ...], Field(min_length=1)]


class Part(BaseModel):
    """A frozen part of a policy. Unknown fields are mistakes, not wishes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Reminder(Part):
    """催办点: at a share of the limit, some time before it is used up, or after."""

    at: Percent | None = None
    before: LimitText | None = None
    after: MomentAfter = None
    tell: Tell

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        given = [v for v in (self.at, self.before, self.after) if v is not None]
        if len(given) != 1:
            raise _BrokenError(
                "at、before、after 恰填一项", "give exactly one of at, before, after"
            )
        if self.before is not None and self.before.unit is LimitUnit.SAME_DAY:
            raise _BrokenError("before 须写明多久，如 2 工作时", "before needs a length of time")
        return self

    @property
    def rule(self) -> str:
        """The point by which it is known in the log."""
        return self.words.zh

    @property
    def words(self) -> Words:
        """The point in words."""
        if self.at is not None:
            share = f"{float(self.at) * 100:g}%"
            return Words(f"时限过 {share}", f"{share} of the limit gone")
        if self.before is not None:
            length = self.before.words
            return Words(f"到期前 {length.zh}", f"{length.en} before it is due")
        return _beyond(self.after or None)


class Level(Part):
    """督办级别: who is told how long after the limit is used up, and which card it shows."""

    level: int = Field(ge=1, le=9)
    after: Offset = None
    title: str = Field(min_length=1, max_length=60)
    tell: Tell
    card: Literal["", "yellow", "red"] = ""

    @property
    def rule(self) -> str:
        """The moment by which the level is known in the log."""
        return self.words.zh

    @property
    def words(self) -> Words:
        """The level's moment in words."""
        return _beyond(self.after)


def _beyond(limit: Limit | None) -> Words:
    if limit is None:
        return Words("到期", "due")
    return Words(f"逾期 {limit.words.zh}", f"{limit.words.en} overdue")


class StageRules(Part):
    """One clock: its limit, its reminder points and its ladder."""

    limit: LimitText
    reminders: tuple[Reminder, ...] = ()
    ladder: tuple[Level, ...] = ()

    @field_validator("reminders")
    @classmethod
    def _each_once(cls, reminders: tuple[Reminder, ...]) -> tuple[Reminder, ...]:
        # The log knows a point by its rule: two of one rule would be one row twice.
        if len({point.rule for point in reminders}) < len(reminders):
            raise _BrokenError(
                "两个催办点的时刻相同，请合为一个，tell 写在一起",
                "two reminders have the same moment; make them one, with all its duties",
            )
        return reminders

    @field_validator("ladder")
    @classmethod
    def _climbs(cls, ladder: tuple[Level, ...]) -> tuple[Level, ...]:
        if [level.level for level in ladder] != list(range(1, len(ladder) + 1)):
            raise _BrokenError("级别须为 1、2、3… 依次", "levels must be 1, 2, 3 … in order")
        if any(level.after is None for level in ladder[1:]):
            raise _BrokenError("只有第一级可以 after: 0", "only level 1 may have after: 0")
        offsets = [level.after for level in ladder if level.after is not None]
        if len({offset.unit for offset in offsets}) > 1:
            raise _BrokenError("同一阶梯的 after 须用同一单位", "one ladder, one unit of time")
        if any(a.amount >= b.amount for a, b in pairwise(offsets)):
            raise _BrokenError("after 须逐级加长", "each level must come later than the one before")
        return ladder


class Reading(Part):
    """How limits are read and which of them counts."""

    bare_days: Literal["working", "calendar"] = "working"
    day_rule: Literal["hours", "same_time", "end_of_day"] = "end_of_day"
    sources: tuple[LimitSource, ...] = (LimitSource.PAPER, LimitSource.POLICY)


class LookBack(Part):
    """回头看: the share of closed cases looked at again. Relapses always are."""

    rate: Percent
    within: LimitText | None = None
    """As policies of the first version give it; now the limit of the stage look_back."""


class Reviewers(Part):
    """How many must agree to a request. One refusal refuses it."""

    extension: int = Field(default=1, ge=1, le=2)
    suspension: int = Field(default=1, ge=1, le=2)
    appeal: int = Field(default=2, ge=1, le=2)


class Requests(Part):
    """延期、挂账与申诉: how often, for how long, and who must agree."""

    extensions: int = Field(default=2, ge=0, le=9)
    suspensions: int = Field(default=1, ge=0, le=9)
    suspension_days: int = Field(default=365, ge=1, le=365)
    appeals: int = Field(default=1, ge=0, le=9)
    reviewers: Reviewers = Reviewers()


class Proposals(Part):
    """处置建议: when an interview is proposed to a supervisor. The engine decides none."""

    reds_in_a_row: int = Field(default=3, ge=1, le=99)
    """Red cards of one unit with nothing put right on time between them."""
    late_level: int = Field(default=4, ge=1, le=9)
    late_times: int = Field(default=3, ge=1, le=99)
    """So many cases of one unit at `late_level` or above …"""
    late_within: LimitText = Limit(30, LimitUnit.CALENDAR_DAY)
    """… within this time."""


class DigestTimes(Part):
    """When a person may choose to be told together what can wait: clock times of a working day."""

    start: Clock = Field(alias="from")
    until: Clock

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start > self.until:
            raise _BrokenError("from 不得晚于 until", "from must not be later than until")
        return self

    def within(self, chosen: time) -> time:
        """The time nearest to what was chosen that is still allowed."""
        return min(max(chosen, self.start), self.until)


class Burden(Part):
    """减负: how much one person is sent in a day. Levels of the ladder are never cut off."""

    reminders_per_day: int = Field(default=10, ge=1, le=999)
    """Messages that remind, digests counted as one."""
    together_within: LimitText | None = Limit(2, LimitUnit.WORKING_HOUR)
    """Reminders that fall due so soon after the last one wait, and go together."""
    news_within: LimitText | None = Limit(Fraction(1, 2), LimitUnit.WORKING_HOUR)
    """News so soon after the last waits, and goes together."""
    news_per_day: int = Field(default=10, ge=1, le=999)
    """Messages of news; beyond as many it waits for the next morning."""
    evening: Evening = Limit(2, LimitUnit.CONTINUOUS_HOUR)
    """So long after closing time messages may still come, by the clock on the wall."""
    night_levels: tuple[Annotated[int, Field(ge=1, le=9)], ...] = (3, 4, 5)
    """Levels of the ladder that are told even in quiet hours."""
    digest_times: DigestTimes | None = DigestTimes.model_validate(
        {"from": time(8), "until": time(10)}
    )
    """Nobody may choose a time of their own where it is empty."""

    @property
    def evening_length(self) -> timedelta:
        """How long the evening lasts."""
        return timedelta(hours=float(self.evening.amount)) if self.evening else timedelta()


def _first_version(data: Any) -> Any:
    """Give the stages that policies of the first version could not name."""
    stages, again = data.get("stages"), data.get("look_back")
    if not isinstance(stages, dict) or not isinstance(again, dict) or "within" not in again:
        return data
    office = [{"level": 1, "title": "超时未办", "tell": ["office"]}]
    later = {
        "file": {"limit": "1 工作日", "ladder": office},
        "look_back": {"limit": again["within"], "ladder": office},
    }
    return {**data, "stages": later | stages}


class Policy(Part):
    """A whole policy. Every stage is present; `rework` is the limit after a failed check."""

    policy: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    title: str = Field(min_length=1)
    reading: Reading = Reading()
    stages: dict[Stage, StageRules]
    rework: LimitText
    duplicates_within: LimitText
    recurrence_within: LimitText
    look_back: LookBack
    requests: Requests = Requests()
    relapse_raises: int = Field(default=1, ge=0, le=3)
    """反弹: how many levels higher a relapse begins."""
    proposals: Proposals = Proposals()
    burden: Burden = Burden()
    filing: Literal["auto", "hand"] = "auto"
    """Whether a finding is filed as it comes in, or waits for a supervisor."""
    hold_reminders: bool = True
    """Quiet hours: a reminder that falls outside working hours waits for the next opening."""
    confident: float = Field(default=0.6, ge=0, le=1)
    """Below this confidence the choice of category is left to a person."""

    @model_validator(mode="before")
    @classmethod
    def _of_any_version(cls, data: Any) -> Any:
        return _first_version(data)

    @field_validator("stages")
    @classmethod
    def _all_stages(cls, stages: dict[Stage, StageRules]) -> dict[Stage, StageRules]:
        missing = ", ".join(stage.value for stage in Stage if stage not in stages)
        if missing:
            raise _BrokenError(f"缺少环节：{missing}", f"stages are missing: {missing}")
        return stages

    def window(self, limit: Limit) -> timedelta:
        """The length of a plain span of days or hours, such as `duplicates_within`."""
        return timedelta(hours=float(limit.amount * limit.unit.hours))

    @property
    def bare(self) -> LimitUnit:
        """The unit that "3天" without more is read in."""
        working = self.reading.bare_days == "working"
        return LimitUnit.WORKING_DAY if working else LimitUnit.CALENDAR_DAY


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one policy and the name of the file it stands in."""

    file: str
    text: str


Find = Callable[[str], Source | None]
"""Gives the text of the policy that `extends` names."""


def parse(source: Source, find: Find = lambda name: None) -> Policy:
    """The policy in `source`. `find` gives the text of a policy named by `extends`.

    Raises PolicyTrouble, which names file, line, field and rule.
    """
    lineage = _lineage(source, find)
    try:
        return Policy.model_validate(_merged(lineage))
    except ValidationError as errors:
        first = errors.errors()[0]
        where = first["loc"]
        holder = _holder(lineage, where)
        raise _trouble(holder, where, _rule(first)) from None


def flatten(source: Source, find: Find) -> str:
    """The policy as one text that stands alone, with all it extends merged in."""
    parse(source, find)
    merged = _merged(_lineage(source, find))
    return yaml.safe_dump(merged, allow_unicode=True, sort_keys=False)


@dataclass(frozen=True, slots=True)
class _Text:
    """A source and what it says, still unchecked."""

    source: Source
    data: dict[str, Any]


def _lineage(source: Source, find: Find) -> list[_Text]:
    """The policy, the one it extends, the one that extends, and so on."""
    lineage = [_Text(source, _load(source))]
    names = [str(lineage[0].data.get("policy", source.file))]
    while (named := lineage[-1].data.get("extends")) is not None:
        last, name = lineage[-1].source, str(named)
        if name in names:
            circle = " → ".join((*names, name))
            raise _trouble(
                last,
                ("extends",),
                Words(f"继承成环：{circle}", f"policies extend in a circle: {circle}"),
            )
        base = find(name)
        if base is None:
            raise _trouble(
                last, ("extends",), Words(f"没有办法 {name}", f"there is no policy {name}")
            )
        lineage.append(_Text(base, _load(base)))
        names.append(name)
    return lineage


def _holder(lineage: Sequence[_Text], where: Sequence[Any]) -> Source:
    """Whose text counts at a path: the nearest that says it. A list is taken whole."""
    fields = tuple(takewhile(lambda part: isinstance(part, str), where))
    sources = [text.source for text in lineage]
    return max(sources, key=lambda source: len(plain_yaml.trail(source.text, fields)))


def _merged(lineage: Sequence[_Text]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for text in reversed(lineage):
        merged = _merge(merged, text.data)
    merged.pop("extends", None)
    return merged


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _load(source: Source) -> dict[str, Any]:
    try:
        data = plain_yaml.load(source.text)
    except plain_yaml.NotPlain as error:
        raise _at_line(source, error.line, error.words) from None
    if not isinstance(data, dict):
        rule = Words("办法应是“字段: 值”的清单", "a policy is a mapping of fields to values")
        raise _at_line(source, 1, rule)
    return data


# -- saying what is wrong ----------------------------------------------------------------------

_MAPPING = Words("应为“字段: 值”", "must be a mapping of fields to values")
_TEXT = Words("应为文字", "must be a text")
_WHOLE = Words("应为整数", "must be a whole number")
_NUMBER = Words("应为数", "must be a number")
_YES_NO = Words("应为 true 或 false", "must be true or false")
_ONE_OF = Words("应为其中之一：{expected}", "must be one of: {expected}")

_RULES: dict[str, Words] = {
    "extra_forbidden": Words("没有这个字段", "there is no such field"),
    "missing": Words("缺少这个字段", "this field is missing"),
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "greater_than_equal": Words("不得小于 {ge}", "must be at least {ge}"),
    "less_than_equal": Words("不得大于 {le}", "must be at most {le}"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "string_type": _TEXT,
    "string_too_short": Words("不能为空", "must not be empty"),
    "string_too_long": Words("不得超过 {max_length} 字", "at most {max_length} characters"),
    "string_pattern_mismatch": Words(
        "只能用小写字母、数字和短横，如 chuangcheng-2026",
        "only small letters, digits and hyphens, such as chuangcheng-2026",
    ),
    "too_short": Words("至少写 {min_length} 项", "must list at least {min_length}"),
    "tuple_type": Words("应为清单，如 [contact, head]", "must be a list, such as [contact, head]"),
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
}


def _rule(error: Any) -> Words:
    context = error.get("ctx", {})
    broken = context.get("error")
    if isinstance(broken, _BrokenError):
        return broken.words
    rule = _RULES.get(error["type"], Words(f"不合规则（{error['msg']}）", error["msg"]))
    return Words(*(text.format(**context) for text in rule))


def _trouble(source: Source, where: Sequence[Any], rule: Words) -> PolicyTrouble:
    trail = plain_yaml.trail(source.text, where)
    field = ".".join(str(part) for part in where if part != "[key]")
    return _at_line(source, trail[-1] if trail else 1, rule, field)


def _at_line(source: Source, line: int, rule: Words, field: str = "") -> PolicyTrouble:
    return PolicyTrouble(
        f"{source.file} 第 {line} 行{f'，{field}' if field else ''}：{rule.zh.rstrip('。')}。",
        f"{source.file}, line {line}{f', {field}' if field else ''}: {rule.en.rstrip('.')}.",
    )
