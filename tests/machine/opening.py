"""How a case comes to its units in the model, and what is written beside it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from models.case import LimitSource, Stage
from models.category import Role
from models.escalation import Outcome
from models.finding import FindingOutcome
from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from models.verb import Verb
from tests.machine import hours, ladder
from tests.machine.city import UNITS, leading, nearest, reached, who
from tests.machine.matter import (
    CATEGORIES,
    MONTH,
    OPEN,
    Case,
    S,
    clock_of,
    enter,
    new_part,
    roles,
    start_clock,
    step_due,
)


class Opening:
    """Every case of one example, all by one policy.

    `hand`: findings wait to be filed by a supervisor. `by_category`: the limit of the category
    counts before that of the paper. What comes about beside the cases is kept in `written`,
    `owed` and `logged` until somebody takes it.
    """

    def __init__(self, *, hand: bool = False, by_category: bool = False) -> None:
        self.hand, self.by_category = hand, by_category
        self.cases: dict[str, Case] = {}
        self.owed: list[tuple[str, str, str]] = []
        self.written: list[tuple[str, str]] = []
        self.logged: list[tuple[Any, ...]] = []

    # -- what is written beside a case ---------------------------------------------------------

    def tell(self, case: Case, kind: Kind, names: Iterable[str]) -> None:
        """Owe notices."""
        for name in names:
            self.owed.append((case["number"], kind.value, name))
            case["told"].append((kind, name))

    def record(self, case: Case, verb: Verb) -> None:
        """Write a record."""
        self.written.append((case["number"], verb.value))

    def log(
        self, case: Case, look: ladder.Look, outcome: Outcome, names: Sequence[str], at: datetime,
        unit: str | None,
    ) -> None:  # fmt: skip
        """Write a row of the escalation log, with its record."""
        clock = clock_of(case, look.stage)
        case["log"].add((clock, look.stage, look.level, look.rule))
        self.logged.append(
            (case["number"], clock, look.stage.value, look.level, look.rule, look.card, look.at, at,
             outcome.value, tuple(sorted(names)), unit)
        )  # fmt: skip
        self.record(case, Verb.ESCALATE if look.level else Verb.REMIND)

    # -- opening -------------------------------------------------------------------------------

    def report(
        self, number: str, at: datetime, place: str, units: Sequence[str], limit: str, *,
        fixed: bool = False, meeting: bool = False,
    ) -> FindingOutcome:  # fmt: skip
        """A finding comes in; all of one place are of one thing.

        It joins what is open there and not older than 30 days; what was closed there in the last
        30 days has come back. What was merged lives on in the case it was merged into.
        """
        mine = [case for case in self.cases.values() if case["place"] == place and not case["part"]]
        here = [(case["reported"], self._heir(case)) for case in mine]
        young = [
            (reported, heir["number"])
            for reported, heir in here
            if heir["status"] in OPEN and at - reported <= MONTH
        ]
        if young:
            newest = self.cases[max(young)[1]]
            newest["reports"] += 1
            self.record(newest, Verb.JOIN)
            return FindingOutcome.MERGED
        back = [heir for _, heir in here if heir["closed_at"] and at - heir["closed_at"] <= MONTH]
        self._open(number, at, place, units, limit, fixed, meeting, recurrence=bool(back))
        return FindingOutcome.FIXED if fixed else FindingOutcome.ACCEPTED

    def _heir(self, case: Case) -> Case:
        while case["into"]:
            case = self.cases[case["into"]]
        return case

    def _open(
        self, number: str, at: datetime, place: str, units: Sequence[str], limit: str, fixed: bool,
        meeting: bool, *, recurrence: bool,
    ) -> None:  # fmt: skip
        case = self.blank(number, at, place)
        case["recurrence"] = recurrence
        case["limit"] = "" if fixed else limit
        case.update(paper=(tuple(units), meeting), paper_limit=limit)
        if fixed:
            enter(case, S.CLOSED, at)
            case.update(closed_at=at, submitted_at=at, late=False)
            self.record(case, Verb.FIX_ON_SPOT)
        elif self.hand:
            case["step_due_at"] = step_due(Stage.FILE, at)
            self.record(case, Verb.REPORT)
        else:
            enter(case, S.FILED, at, Stage.DISPATCH)
            self.record(case, Verb.FILE)
            self.route(case, at)

    def blank(self, number: str, at: datetime, place: str) -> Case:
        case: Case = dict.fromkeys(
            ("due_at", "step_due_at", "clock_from", "source", "submitted_at", "late", "closed_at",
             "resumes_at", "look_back_from", "look_back_due_at", "inspector", "raised_at",
             "category", "paused_at", "decided_by", "epoch_from", "into")
        ) | dict.fromkeys(
            ("epoch", "turn", "returns", "reworks", "extensions", "suspensions", "appeals",
             "relapses", "look_backs", "raised", "advanced", "submissions"), 0
        )  # fmt: skip
        case |= {
            "number": number, "status": S.REPORTED, "since": at, "looked_until": at, "limit": "",
            "provisional": False, "exempt": False, "verified_by": "", "reports": 1,
            "recurrence": False, "part": False, "place": place, "reported": at,
            "parts": [], "pauses": [], "requests": [], "told": [],
            "log": set(), "urged": set(), "paper": ((), False), "paper_limit": "",
        }  # fmt: skip
        self.cases[number] = case
        return case

    def route(self, case: Case, at: datetime) -> None:
        """Dispatched to the units the paper names, else by the category's route; or held."""
        units, meeting = case["paper"]
        if not units and case["category"] == "B0137-1":
            units = ("市住房和城乡建设局", "市城市管理局")
        if meeting or not units or any(unit not in UNITS for unit in units):
            self._hold(case, at)
        else:
            self.hand_over(case, roles(units), *self.choose(case, case["limit"]), at)
            self.record(case, Verb.DISPATCH)

    def choose(self, case: Case, paper: str) -> tuple[str, LimitSource]:
        """The limit by the policy's order of sources."""
        if self.by_category and case["category"]:
            return CATEGORIES[case["category"]], LimitSource.CATEGORY
        return (paper, LimitSource.PAPER) if paper else (ladder.USUAL, LimitSource.POLICY)

    def _hold(self, case: Case, at: datetime) -> None:
        if case["status"] is S.UNDECIDED:
            return
        since, due = case["since"], case["step_due_at"]
        enter(case, S.UNDECIDED, at)
        case.update(since=since, step_due_at=due)
        self.record(case, Verb.HOLD)
        self.tell(case, Kind.UNDECIDED, who(None, Duty.OFFICE))

    def hand_over(
        self, case: Case, units: Sequence[tuple[str, Role]], limit: str, source: LimitSource,
        at: datetime,
    ) -> None:  # fmt: skip
        """The units take the case: a fresh clock, and everybody concerned is told."""
        enter(case, S.DISPATCHED, at, Stage.SIGN)
        raised = 1 if case["recurrence"] else 0
        case.update(limit=limit, source=source, epoch=case["epoch"] + 1)
        case.update(raised=raised, raised_at=at if raised else None)
        start_clock(case, at)
        for unit, role in units:
            case["parts"].append(new_part(unit, role))
        for unit, _ in units:
            duty, names = nearest(unit)
            self.tell(case, Kind.DISPATCHED, names)
            if duty is not Duty.CONTACT:
                look = ladder.Look(at, Stage.DISPATCH, 0, f"交办{unit}", ())
                self.log(case, look, Outcome.NOBODY, names, at, unit)
        case["looked_until"] = case["epoch_from"] = at - hours.TICK if raised else at

    def look_again(self, case: Case) -> None:
        """A level that was reached, and that the log does not hold, is not lost.

        Nor the point of a step. What lies before the epoch was at its own time.
        """
        for look in ladder.looks(case):
            made = any(
                (clock, stage, level) == (clock_of(case, look.stage), look.stage, look.level)
                for clock, stage, level, rule in case["log"]
                if level or rule == look.rule
            )
            own = look.level and look.at > case["epoch_from"]
            if not made and (own or look.stage is not Stage.HANDLE):
                case["looked_until"] = min(case["looked_until"], look.at - hours.TICK)

    def over(self, case: Case, kind: Kind) -> None:
        """Whoever was told that the case was opened is told that it is over."""
        opening = (Kind.DISPATCHED, Kind.ESCALATION, Kind.UNDECIDED, Kind.TAKEN_OVER)
        names = dict.fromkeys(name for kind, name in case["told"] if kind in opening)
        self.tell(case, kind, names)

    def tell_lead(self, case: Case, kind: Kind, *duties: Duty) -> None:
        self.tell(case, kind, reached(leading(case), *(duties or (Duty.CONTACT,))))
