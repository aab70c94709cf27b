"""处置建议: when a unit has gone so far that an interview is proposed, and which cases say so.

The engine proposes; whether anything is done, and what, a supervisor decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from models.case import Stage
from models.columns import Labelled
from models.measure import MeasureKind
from models.words import Words
from rules.policy import Policy

OF_THE_UNIT = (Stage.SIGN, Stage.HANDLE)
"""The clocks a unit answers for. The others are the office's and the inspectors'."""


class Rule(Labelled):
    """By which rule a measure is proposed."""

    REDS_IN_A_ROW = "reds_in_a_row", "连续红牌", "red cards in a row"
    LATE_TIMES = "late_times", "多次严重逾期", "repeatedly far overdue"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A row of the escalation log that counts against a unit: a red card, or a high level."""

    at: datetime
    id: int
    unit: int
    case: str


@dataclass(frozen=True, slots=True)
class Kept:
    """按期整改: a case that its unit handed in on time, and that has not failed since."""

    unit: int
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What speaks against units and for them, in any order.

    `levels` holds each clock of a case once: the first level reached at or above the policy's.
    """

    reds: Sequence[Mark] = ()
    levels: Sequence[Mark] = ()
    kept: Sequence[Kept] = ()

    def of(self, unit: int) -> "History":
        """The part of one unit."""
        return History(
            [mark for mark in self.reds if mark.unit == unit],
            [mark for mark in self.levels if mark.unit == unit],
            [kept for kept in self.kept if kept.unit == unit],
        )


@dataclass(frozen=True, slots=True)
class Proposed:
    """A measure that is proposed, by which rule and why. `cause` is what completed the rule."""

    kind: MeasureKind
    rule: Rule
    reason: Words
    cause: Mark


Row = tuple[Mark, ...]
"""The marks that complete a rule together, in order of time."""


def proposed(history: History, policy: Policy, zone: tzinfo) -> list[Proposed]:
    """Every interview that the history calls for; dates in the reasons are those of `zone`.

    What was proposed before is not known here: give only the marks later than the last cause of
    each rule, for after a proposal the count starts afresh.
    """
    units = sorted({mark.unit for mark in (*history.reds, *history.levels)})
    return [made for unit in units for made in _of_one(history.of(unit), policy, zone)]


def _of_one(history: History, policy: Policy, zone: tzinfo) -> Iterator[Proposed]:
    """What the history of one unit calls for."""
    when, within = policy.proposals, policy.window(policy.proposals.late_within)
    kept = [one.at for one in history.kept]
    for row in reds_in_a_row(history.reds, kept, when.reds_in_a_row):
        said = Words(
            f"连续 {len(row)} 次红牌，其间没有一件按期整改：",
            f"{len(row)} red cards in a row with nothing put right on time between them: ",
        )
        yield _proposal(Rule.REDS_IN_A_ROW, said, row, zone)
    for row in often_late(history.levels, when.late_times, within):
        span, level = when.late_within.words, when.late_level
        said = Words(
            f"{span.zh}内 {len(row)} 个案件升至 {level} 级以上（含）：",
            f"{len(row)} cases at level {level} or above within {span.en}: ",
        )
        yield _proposal(Rule.LATE_TIMES, said, row, zone)


def _proposal(rule: Rule, said: Words, row: Row, zone: tzinfo) -> Proposed:
    dated = [(mark.case, f"{mark.at.astimezone(zone):%Y-%m-%d}") for mark in row]
    reason = Words(
        f"{said.zh}{'、'.join(f'{case}（{day}）' for case, day in dated)}。",
        f"{said.en}{', '.join(f'{case} ({day})' for case, day in dated)}.",
    )
    return Proposed(MeasureKind.INTERVIEW, rule, reason, row[-1])


def reds_in_a_row(reds: Iterable[Mark], kept: Sequence[datetime], times: int) -> list[Row]:
    """Rows of `times` red cards of one unit, on different cases, in order of time.

    What was kept at an instant between the first and the last of a row breaks it: the row
    begins again with the red cards from that instant on.
    """
    row, rows = dict[str, Mark](), list[Row]()
    for red in sorted(reds):
        row = _unbroken(row, [at for at in kept if at < red.at])
        row.setdefault(red.case, red)
        if len(row) == times:
            rows.append(tuple(row.values()))
            row = {}
    return rows


def _unbroken(row: dict[str, Mark], kept: Sequence[datetime]) -> dict[str, Mark]:
    if not kept:
        return row
    return {case: mark for case, mark in row.items() if mark.at >= max(kept)}


def often_late(levels: Iterable[Mark], times: int, within: timedelta) -> list[Row]:
    """Rows of `times` different cases of one unit, the first at most `within` before the last."""
    row, rows = dict[str, Mark](), list[Row]()
    for level in sorted(levels):
        row = {c: m for c, m in row.items() if c != level.case and level.at - m.at <= within}
        row[level.case] = level
        if len(row) == times:
            rows.append(tuple(row.values()))
            row = {}
    return rows
