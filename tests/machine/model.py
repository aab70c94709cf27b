"""The model: a dict for each case, and what every verb does to it, in plain steps.

A verb raises `No` where it is refused and `Unknown` where a name means nothing; then nothing has
changed. What it brings about beside the case (records, notices, rows of the log) is kept in
`written`, `owed` and `logged` until somebody takes it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from models.case import LimitSource, Stage, Status
from models.category import Role
from models.escalation import Outcome
from models.finding import FindingOutcome
from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from models.request import RequestKind, RequestState
from models.verb import Verb
from tests.machine import hours, ladder
from tests.machine.city import (
    INSPECTOR,
    MEMBERS,
    UNITS,
    leading,
    nearest,
    parts,
    reached,
    told,
    upwards,
    who,
)

S = Status
MONTH = timedelta(days=30)
LAST_PUBLISHED_YEAR = 2026
WORKING = (S.DISPATCHED, S.IN_PROGRESS, S.REWORK)
HELD = (*WORKING, S.RETURNED, S.SUSPENDED, S.SUBMITTED)
OPEN = (S.REPORTED, S.FILED, S.UNDECIDED, *HELD)
AT_WORK = (S.IN_PROGRESS, S.REWORK)

WHERE: dict[str, tuple[Status, ...]] = {
    "file": (S.REPORTED,),
    "reject": (S.REPORTED,),
    "fix_on_spot": (S.REPORTED,),
    "dispatch": (S.FILED, S.UNDECIDED),
    "coordinate": (S.UNDECIDED, S.RETURNED),
    "transfer": HELD,
    "acknowledge": (S.DISPATCHED, S.REWORK),
    "assign": (*WORKING, S.SUSPENDED),
    "send_back": (S.DISPATCHED, S.IN_PROGRESS),
    "uphold": (S.RETURNED,),
    "refuse": (S.RETURNED,),
    "ask": AT_WORK,
    "appeal": (S.CLOSED,),
    "resume": (S.SUSPENDED,),
    "urge": HELD,
    "submit": AT_WORK,
    "confirm_part": (*WORKING, S.SUBMITTED),
    "withdraw": (S.SUBMITTED,),
    "verify": (S.SUBMITTED,),
    "publish": (S.CLOSED,),
    "look_back": (S.CLOSED,),
    "reopen": (S.CLOSED,),
    "take_over": HELD,
    "expose": (*OPEN, S.CLOSED),
    "merge": OPEN,
    "split": OPEN,
    "cancel": OPEN,
    "reclassify": OPEN,
    "note": tuple(Status),
    "record_cost": tuple(Status),
}
"""Where each verb may be used, by hand from the table of the design."""

CATEGORIES = {"B0137-1": "1 工作日", "B0123-1": "2 紧急工作时", "B0150": "3 工作日"}
"""Limits: of one with a route (住建局 leads, 城管局 assists), one with two equal ones, one with none."""


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


Case = dict[str, Any]


class Model:
    """Every case of one example, all by one policy.

    `hand`: findings wait to be filed by a supervisor. `by_category`: the limit of the category
    counts before that of the paper.
    """

    def __init__(self, *, hand: bool = False, by_category: bool = False) -> None:
        self.hand, self.by_category = hand, by_category
        self.cases: dict[str, Case] = {}
        self.owed: list[tuple[str, str, str]] = []
        self.written: list[tuple[str, str]] = []
        self.logged: list[tuple[Any, ...]] = []

    def act(self, verb: str, number: str, does: Callable[[Case], None]) -> str:
        """What a verb comes to: the status it leads to, "refused", or "unknown" for a name."""
        case = self.cases[number]
        try:
            need(case["status"] in WHERE.get(verb, tuple(Status)))
            does(case)
        except No:
            return "refused"
        except Unknown:
            return "unknown"
        return str(case["status"].value)

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
        clock = _clock(case, look.stage)
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
        30 days has come back.
        """
        here = [case for case in self.cases.values() if case["place"] == place and not case["part"]]
        young = [case for case in here if case["status"] in OPEN and at - case["reported"] <= MONTH]
        if young:
            newest = max(young, key=lambda case: (case["reported"], case["number"]))
            known(newest["number"] == number)
            newest["reports"] += 1
            self.record(newest, Verb.JOIN)
            return FindingOutcome.MERGED
        back = [case for case in here if case["closed_at"] and at - case["closed_at"] <= MONTH]
        self._open(number, at, place, units, limit, fixed, meeting, recurrence=bool(back))
        return FindingOutcome.FIXED if fixed else FindingOutcome.ACCEPTED

    def _open(
        self, number: str, at: datetime, place: str, units: Sequence[str], limit: str, fixed: bool,
        meeting: bool, *, recurrence: bool,
    ) -> None:  # fmt: skip
        case = self._blank(number, at, place)
        case["recurrence"] = recurrence
        case["limit"] = "" if fixed else limit
        case.update(paper=(tuple(units), meeting), paper_limit=limit)
        if fixed:
            _enter(case, S.CLOSED, at)
            case.update(closed_at=at, submitted_at=at, late=False)
            self.record(case, Verb.FIX_ON_SPOT)
        elif self.hand:
            case["step_due_at"] = _step(Stage.FILE, at)
            self.record(case, Verb.REPORT)
        else:
            _enter(case, S.FILED, at, Stage.DISPATCH)
            self.record(case, Verb.FILE)
            self._route(case, at)

    def _blank(self, number: str, at: datetime, place: str) -> Case:
        case: Case = dict.fromkeys(
            ("due_at", "step_due_at", "clock_from", "source", "submitted_at", "late", "closed_at",
             "resumes_at", "look_back_from", "look_back_due_at", "inspector", "raised_at",
             "category", "paused_at", "decided_by", "epoch_from")
        ) | dict.fromkeys(
            ("epoch", "turn", "returns", "reworks", "extensions", "suspensions", "appeals",
             "relapses", "look_backs", "raised", "advanced", "submissions"), 0
        )  # fmt: skip
        case |= {
            "number": number, "status": S.REPORTED, "since": at, "looked_until": at, "limit": "",
            "provisional": False, "exempt": False, "verified_by": "", "reports": 1,
            "recurrence": False, "part": False, "place": place, "reported": at, "parts": [], "pauses": [], "requests": [], "told": [],
            "log": set(), "urged": set(), "paper": ((), False), "paper_limit": "",
        }  # fmt: skip
        self.cases[number] = case
        return case

    def _route(self, case: Case, at: datetime) -> None:
        """Dispatched to the units the paper names, else by the category's route; or held."""
        units, meeting = case["paper"]
        if not units and case["category"] == "B0137-1":
            units = ("市住房和城乡建设局", "市城市管理局")
        if meeting or not units or any(unit not in UNITS for unit in units):
            self._hold(case, at)
        else:
            self._hand_over(case, _roles(units), *self._choose(case, case["limit"]), at)
            self.record(case, Verb.DISPATCH)

    def _choose(self, case: Case, paper: str) -> tuple[str, LimitSource]:
        """The limit by the policy's order of sources."""
        if self.by_category and case["category"]:
            return CATEGORIES[case["category"]], LimitSource.CATEGORY
        return (paper, LimitSource.PAPER) if paper else (ladder.USUAL, LimitSource.POLICY)

    def _hold(self, case: Case, at: datetime) -> None:
        if case["status"] is S.UNDECIDED:
            return
        since, due = case["since"], case["step_due_at"]
        _enter(case, S.UNDECIDED, at)
        case.update(since=since, step_due_at=due)
        self.record(case, Verb.HOLD)
        self.tell(case, Kind.UNDECIDED, who(None, Duty.OFFICE))

    def _hand_over(
        self, case: Case, units: Sequence[tuple[str, Role]], limit: str, source: LimitSource,
        at: datetime,
    ) -> None:  # fmt: skip
        """The units take the case: a fresh clock, and everybody concerned is told."""
        _enter(case, S.DISPATCHED, at, Stage.SIGN)
        raised = 1 if case["recurrence"] else 0
        case.update(limit=limit, source=source, epoch=case["epoch"] + 1)
        case.update(raised=raised, raised_at=at if raised else None)
        _start(case, at)
        for unit, role in units:
            case["parts"].append(_part(unit, role))
        for unit, _ in units:
            duty, names = nearest(unit)
            self.tell(case, Kind.DISPATCHED, names)
            if duty is not Duty.CONTACT:
                look = ladder.Look(at, Stage.DISPATCH, 0, f"交办{unit}", ())
                self.log(case, look, Outcome.NOBODY, names, at, unit)
        case["looked_until"] = at - hours.TICK if raised else at

    # -- filing --------------------------------------------------------------------------------

    def file(self, case: Case, at: datetime, category: str = "") -> None:
        """立案"""
        known(not category or category in CATEGORIES)
        case["category"] = category or case["category"]
        _enter(case, S.FILED, at, Stage.DISPATCH)
        self.record(case, Verb.FILE)

    def reject(self, case: Case, at: datetime, reason: str) -> None:
        """不予立案"""
        need(reason)
        _enter(case, S.REJECTED, at)
        self.record(case, Verb.REJECT)

    def fix_on_spot(self, case: Case, at: datetime, actor: str) -> None:
        """现场整改"""
        _enter(case, S.CLOSED, at)
        case.update(closed_at=at, submitted_at=at, late=False, verified_by=actor)
        self.record(case, Verb.FIX_ON_SPOT)

    def reclassify(self, case: Case, at: datetime, category: str, reason: str) -> None:
        """变更类别: a limit that comes from it follows."""
        need(reason)
        known(category in CATEGORIES)
        need(category != case["category"])
        case["category"] = category
        self.record(case, Verb.RECLASSIFY)
        if case["status"] in (*ladder.HANDLED, S.SUSPENDED):
            self._retime(case, at)

    def _retime(self, case: Case, at: datetime) -> None:
        """The limit as its source gives it now; what a person set stays."""
        before = {name: case[name] for name in ("limit", "source", "due_at", "provisional")}
        if case["source"] not in (LimitSource.REWORK, LimitSource.PERSON):
            paper = case["limit"] if case["source"] is LimitSource.PAPER else ""
            case["limit"], case["source"] = self._choose(case, paper)
        if case["status"] in ladder.HANDLED:
            _reckon(case)
        if all(case[name] == value for name, value in before.items()):
            return
        if before["due_at"] <= at < case["due_at"]:
            # Overdue before and not now: its ladder starts afresh.
            case.update(epoch=case["epoch"] + 1, epoch_from=at)
        self.record(case, Verb.RECOMPUTE)
        if case["due_at"] != before["due_at"]:
            lead = leading(case)
            self.tell(case, Kind.RECOMPUTED, nearest(lead and lead["unit"])[1])
        if case["status"] in ladder.HANDLED:
            self._look_again(case)

    def _look_again(self, case: Case) -> None:
        """A level that has been reached by now, and was never made, is not lost."""
        for look in ladder.looks(case):
            made = (_clock(case, look.stage), look.stage, look.level) in {
                (clock, stage, level) for clock, stage, level, rule in case["log"]
                if level or rule == look.rule
            }  # fmt: skip
            binding = look.rule != "提级" and (look.level or look.stage is not Stage.HANDLE)
            if binding and not made:
                case["looked_until"] = min(case["looked_until"], look.at - hours.TICK)

    def merge(self, case: Case, at: datetime, into: str) -> None:
        """并案"""
        need(into != case["number"])
        known(into in self.cases)
        other = self.cases[into]
        need(other["status"] in OPEN)
        other["reports"] += case["reports"]
        self.record(other, Verb.JOIN)
        self._leave(case, S.MERGED, at)
        self.record(case, Verb.MERGE)

    def split(
        self, case: Case, at: datetime, numbers: Sequence[str], shares: Sequence[Sequence[str]],
        reason: str,
    ) -> None:  # fmt: skip
        """拆分: `numbers` are those the new cases will have."""
        need(len(shares) >= 2)
        need(reason)
        known(all(unit in UNITS for units in shares for unit in units))
        self._leave(case, S.SPLIT, at)
        self.record(case, Verb.SPLIT)
        for number, units in zip(numbers, shares, strict=True):
            part = self._blank(number, at, case["place"])
            part.update(part=True, reported=case["reported"], recurrence=case["recurrence"])
            _enter(part, S.FILED, at, Stage.DISPATCH)
            self.record(part, Verb.FILE)
            part.update(paper=(tuple(units), False), paper_limit=case["paper_limit"])
            part["limit"] = case["paper_limit"]
            self._route(part, at)
            part["paper"] = ((), False)

    def cancel(self, case: Case, at: datetime, reason: str) -> None:
        """作废"""
        need(reason)
        self._leave(case, S.CANCELLED, at)
        self.record(case, Verb.CANCEL)

    def _leave(self, case: Case, to: Status, at: datetime) -> None:
        _end_pause(case, at)
        _lapse(case)
        _enter(case, to, at)
        self._over(case, Kind.ENDED)

    def _over(self, case: Case, kind: Kind) -> None:
        """Whoever was told that the case was opened is told that it is over."""
        opening = (Kind.DISPATCHED, Kind.ESCALATION, Kind.UNDECIDED, Kind.TAKEN_OVER)
        names = dict.fromkeys(name for kind, name in case["told"] if kind in opening)
        self.tell(case, kind, names)

    def note(self, case: Case, at: datetime, text: str) -> None:
        """备注"""
        need(text)
        self.record(case, Verb.NOTE)

    def record_cost(self, case: Case, at: datetime, yuan: int, *, settled: bool) -> None:
        """登记经费"""
        need(not settled or yuan <= case["advanced"])
        case["advanced"] += -yuan if settled else yuan
        self.record(case, Verb.RECORD_COST)

    # -- duty ----------------------------------------------------------------------------------

    def dispatch(self, case: Case, at: datetime, units: Sequence[str], limit: str) -> None:
        """交办 by hand."""
        self._give(case, units, limit, at)
        self.record(case, Verb.DISPATCH)

    def _give(self, case: Case, units: Sequence[str], limit: str, at: datetime) -> None:
        known(units and all(unit in UNITS for unit in units))
        source = LimitSource.PERSON
        if not limit:
            own = case["limit"] if case["source"] is not LimitSource.REWORK else ""
            if own:
                limit, source = own, case["source"] or LimitSource.PAPER
            else:
                limit, source = self._choose(case, case["paper_limit"])
        self._hand_over(case, _roles(units), limit, source, at)

    def acknowledge(self, case: Case, at: datetime) -> None:
        """签收"""
        _enter(case, S.IN_PROGRESS, at)
        self.record(case, Verb.ACKNOWLEDGE)

    def assign(
        self, case: Case, at: datetime, unit: str, section: str, person: str, leader: str
    ) -> None:
        """内部分派"""
        need(section or person or leader)
        part = _part_of(case, unit)
        above = [name for one in upwards(part["unit"]) for name in MEMBERS[one]]
        known(not person or person in MEMBERS[part["unit"]])
        known(not leader or leader in above)
        new = []
        if person and person != part["handler"]:
            part["handler"] = person
            new.append(person)
        if leader and leader != part["leader"]:
            part["leader"] = leader
            new.append(leader)
        self.record(case, Verb.ASSIGN)
        self.tell(case, Kind.ASSIGNED, dict.fromkeys(new))

    def send_back(self, case: Case, at: datetime, reason: str) -> None:
        """退单: the clock runs on; the second ruling is final. Whoever submitted has taken it on."""
        need(case["submitted_at"] is None)
        need(case["returns"] < 2)
        need(reason)
        case["returns"] += 1
        _enter(case, S.RETURNED, at, Stage.RULE)
        self.record(case, Verb.SEND_BACK)
        self.tell(case, Kind.RETURNED, who(None, Duty.OFFICE))

    def uphold(self, case: Case, at: datetime, units: Sequence[str]) -> None:
        """裁定: 准予退单: to another unit."""
        lead = leading(case)
        known(units and all(unit in UNITS for unit in units))
        need(lead and lead["unit"] != units[0])
        self._pass_on(case, units, "", at, exempt=True)
        self.record(case, Verb.UPHOLD_RETURN)

    def _pass_on(
        self, case: Case, units: Sequence[str], limit: str, at: datetime, *, exempt: bool
    ) -> None:
        known(units and all(unit in UNITS for unit in units))
        old = leading(case)
        for part in parts(case):
            part.update(ended=True, exempt=exempt)
        _lapse(case)
        case.update(extensions=0, submitted_at=None)
        self._give(case, units, limit, at)
        if old and old["unit"] not in units:
            self.tell(case, Kind.TRANSFERRED, reached(old, Duty.CONTACT))

    def refuse(self, case: Case, at: datetime, reason: str) -> None:
        """裁定: 驳回退单: as if it had never been sent back."""
        need(reason)
        _enter(case, S.DISPATCHED, at, Stage.SIGN)
        self.record(case, Verb.REFUSE_RETURN)
        self._tell_lead(case, Kind.DECIDED)

    def _tell_lead(self, case: Case, kind: Kind, *duties: Duty) -> None:
        self.tell(case, kind, reached(leading(case), *(duties or (Duty.CONTACT,))))

    def coordinate(
        self, case: Case, at: datetime, units: Sequence[str], present: int, limit: str
    ) -> None:
        """会商定责: final. The clock goes on where the lead stays."""
        need(present >= 2)
        known(units and all(unit in UNITS for unit in units))
        case["returns"] = 2
        lead = leading(case)
        if not lead or lead["unit"] != units[0]:
            self._pass_on(case, units, limit, at, exempt=True)
            self.record(case, Verb.COORDINATE)
            self.record(case, Verb.NOTE)
            return
        for part in parts(case):
            if part["unit"] not in units:
                part.update(ended=True, exempt=True)
        kept = [part["unit"] for part in parts(case)]
        case["parts"] += [_part(unit, role) for unit, role in _roles(units) if unit not in kept]
        _lapse(case)
        _enter(case, S.DISPATCHED, at, Stage.SIGN)
        self.record(case, Verb.COORDINATE)
        for unit in dict.fromkeys(units):
            self.tell(case, Kind.DECIDED, reached(_part_of(case, unit), Duty.CONTACT))

    def transfer(
        self, case: Case, at: datetime, units: Sequence[str], reason: str, limit: str, *,
        exempt: bool,
    ) -> None:  # fmt: skip
        """改派"""
        need(reason)
        known(units and all(unit in UNITS for unit in units))
        lead = leading(case)
        need(not lead or lead["unit"] != units[0])
        _end_pause(case, at)
        self._pass_on(case, units, limit, at, exempt=exempt)
        self.record(case, Verb.TRANSFER)

    def take_over(self, case: Case, at: datetime, unit: str, reason: str) -> None:
        """提级办理: a unit above leads, one level higher at once."""
        need(reason)
        lead = leading(case)
        assert lead is not None
        known(unit in upwards(lead["unit"])[1:])
        lead["role"] = Role.ASSISTING
        own = next((part for part in parts(case) if part["unit"] == unit), None)
        if own is None:
            case["parts"].append(_part(unit, Role.LEAD))
        else:
            own["role"] = Role.LEAD
        case.update(raised=case["raised"] + 1, raised_at=at)
        case["looked_until"] = min(case["looked_until"], at - hours.TICK)
        self.record(case, Verb.TAKE_OVER)
        for one in (unit, lead["unit"]):
            part = _part_of(case, one)
            self.tell(case, Kind.TAKEN_OVER, reached(part, Duty.CONTACT, Duty.HEAD))

    # -- time ----------------------------------------------------------------------------------

    def ask(
        self, case: Case, at: datetime, actor: str, kind: RequestKind, reason: str,
        until: datetime | None = None,
    ) -> None:  # fmt: skip
        """申请延期、挂账"""
        need(reason)
        need(at < case["due_at"])
        if kind is RequestKind.EXTENSION:
            need(case["extensions"] < 2)
        else:
            need(case["suspensions"] < 1)
            need(until and at < until <= at + timedelta(days=365))
        self._asked(case, actor, kind, until)
        verbs = {RequestKind.EXTENSION: Verb.REQUEST_EXTENSION}
        self.record(case, verbs.get(kind, Verb.REQUEST_SUSPENSION))

    def appeal(self, case: Case, at: datetime, actor: str, reason: str) -> None:
        """申诉: against a lateness, once."""
        need(reason)
        need(case["late"])
        need(case["appeals"] < 1)
        self._asked(case, actor, RequestKind.APPEAL, None)
        self.record(case, Verb.REQUEST_APPEAL)

    def _asked(self, case: Case, actor: str, kind: RequestKind, until: datetime | None) -> None:
        need(_open_request(case) is None)
        case["requests"].append(
            {"kind": kind, "state": RequestState.OPEN, "by": actor, "until": until, "yes": []}
        )
        self.tell(case, Kind.REQUEST, who(None, Duty.OFFICE))

    def decide(self, case: Case, at: datetime, actor: str, reason: str, *, yes: bool) -> None:
        """审核: an appeal needs two, one no refuses; nobody decides his own, nor twice."""
        asked = _open_request(case)
        need(asked)
        assert asked is not None
        appeal = asked["kind"] is RequestKind.APPEAL
        need(case["status"] in ((S.CLOSED,) if appeal else AT_WORK))
        need(actor != asked["by"] and actor not in asked["yes"])
        if not yes:
            need(reason)
            asked["state"] = RequestState.REFUSED
            case["appeals"] += appeal
            self.record(case, Verb.REFUSE_APPEAL if appeal else Verb.REFUSE_REQUEST)
            self._tell_lead(case, Kind.DECIDED)
        elif appeal and not asked["yes"]:
            asked["yes"].append(actor)
            self.record(case, Verb.REVIEW)
        else:
            self._grant(case, asked, at)

    def _grant(self, case: Case, asked: dict[str, Any], at: datetime) -> None:
        if asked["kind"] is RequestKind.EXTENSION:
            case["extensions"] += 1
            case.update(epoch=case["epoch"] + 1)
            _reckon(case)
            case["epoch_from"] = min(at, case["due_at"])
            case["looked_until"] = min(at, case["due_at"] - hours.TICK)
            self.record(case, Verb.EXTEND)
        elif asked["kind"] is RequestKind.SUSPENSION:
            need(asked["until"] > at)
            _enter(case, S.SUSPENDED, at)
            case["suspensions"] += 1
            case.update(resumes_at=asked["until"], paused_at=at)
            self.record(case, Verb.SUSPEND)
        else:
            case["exempt"] = True
            case["appeals"] += 1
            self.record(case, Verb.UPHOLD_APPEAL)
        asked["state"] = RequestState.GRANTED
        self._tell_lead(case, Kind.DECIDED)

    def resume(self, case: Case, at: datetime) -> None:
        """恢复办理 by hand."""
        self._resume(case, at, reached(leading(case), Duty.CONTACT))

    def _resume(self, case: Case, at: datetime, names: Iterable[str]) -> None:
        _end_pause(case, at)
        _enter(case, S.IN_PROGRESS, at)
        _reckon(case)
        self.record(case, Verb.RESUME)
        self.tell(case, Kind.RESUMED, names)

    def urge(self, case: Case, at: datetime, reason: str) -> None:
        """人工催办: once a day."""
        need(reason)
        need(at.date() not in case["urged"])
        case["urged"].add(at.date())
        with_office = case["status"] in (S.RETURNED, S.SUBMITTED)
        duties = (Duty.OFFICE,) if with_office else (Duty.CONTACT, Duty.HEAD)
        self.record(case, Verb.URGE)
        self.tell(case, Kind.URGED, told(case, duties))

    # -- work ----------------------------------------------------------------------------------

    def submit(self, case: Case, at: datetime, text: str) -> None:
        """整改反馈: the clock stops; the first one decides lateness."""
        need(text)
        _lapse(case)
        case["submissions"] += 1
        if case["late"] is None:
            case.update(late=at >= case["due_at"], decided_by=case["submissions"])
        case["submitted_at"] = at
        _enter(case, S.SUBMITTED, at, Stage.VERIFY)
        self.record(case, Verb.SUBMIT)
        self.tell(case, Kind.SUBMITTED, who(None, Duty.OFFICE))

    def confirm_part(self, case: Case, at: datetime, unit: str, text: str) -> None:
        """协同完成"""
        need(text)
        part = _part_of(case, unit)
        need(part["role"] is not Role.LEAD)
        need(not part["confirmed"])
        late = at >= case["due_at"] if part["late"] is None else part["late"]
        part.update(confirmed=True, late=late)
        self.record(case, Verb.CONFIRM_PART)
        self._tell_lead(case, Kind.CONFIRMED)

    def withdraw(self, case: Case, at: datetime, reason: str) -> None:
        """撤回反馈: on time is undecided again if this one had decided it; late stays."""
        need(reason)
        case["looked_until"] = min(case["looked_until"], case["submitted_at"])
        if case["late"] is False and case["decided_by"] == case["submissions"]:
            case["late"] = None
        case["submitted_at"] = None
        _enter(case, S.IN_PROGRESS, at)
        _reckon(case)
        self.record(case, Verb.WITHDRAW)
        self.tell(case, Kind.WITHDRAWN, who(None, Duty.OFFICE))

    def verify(
        self, case: Case, at: datetime, actor: str, result: str, left: Sequence[str], reason: str
    ) -> None:
        """核查: `result` is pass, fail or partly."""
        if result == "pass":
            _enter(case, S.CLOSED, at, Stage.PUBLISH)
            case.update(closed_at=at, verified_by=actor)
            self.record(case, Verb.VERIFY_PASS)
            self._over(case, Kind.CLOSED)
            return
        need(reason)
        if result == "fail":
            self._reopen_parts(case, parts(case))
            self._rework(case, Verb.VERIFY_FAIL, Kind.REWORK, at)
            return
        self._reopen_parts(case, [_part_of(case, unit) for unit in left])
        self._rework(case, Verb.VERIFY_PARTLY, Kind.REWORK, at)

    def _reopen_parts(self, case: Case, some: Sequence[dict[str, Any]]) -> None:
        for part in some:
            part["confirmed"] = False

    def _rework(
        self, case: Case, verb: Verb, kind: Kind, at: datetime, *, raised: bool = False
    ) -> None:
        _lapse(case)
        _enter(case, S.REWORK, at)
        case.update(reworks=case["reworks"] + 1, epoch=case["epoch"] + 1, extensions=0)
        case.update(limit=ladder.REWORK, source=LimitSource.REWORK)
        _start(case, at)
        if raised:
            case.update(raised=case["raised"] + 1, raised_at=at)
        case["looked_until"] = at - hours.TICK if raised else at
        self.record(case, verb)
        for part in parts(case):
            self.tell(case, kind, reached(part, Duty.CONTACT))

    def publish(self, case: Case, at: datetime) -> None:
        """公示"""
        case["step_due_at"] = None
        self.record(case, Verb.PUBLISH)

    def expose(self, case: Case, at: datetime, medium: str) -> None:
        """曝光"""
        need(medium)
        self.record(case, Verb.EXPOSE)
        self._tell_lead(case, Kind.EXPOSED, Duty.CONTACT, Duty.HEAD)

    def draw(self, case: Case, at: datetime) -> None:
        """抽中回头看: by another inspector than the one who verified; there is one in this city."""
        due = _step(Stage.LOOK_BACK, at)
        free = case["verified_by"] != INSPECTOR
        case.update(look_back_from=at, look_back_due_at=due, look_backs=case["look_backs"] + 1)
        case["inspector"] = INSPECTOR if free else None
        self.record(case, Verb.DRAW)
        names = (INSPECTOR,) if free else who(None, Duty.OFFICE)
        self.tell(case, Kind.LOOK_BACK, names)
        if not free:
            lead = leading(case)
            look = ladder.Look(at, Stage.LOOK_BACK, 0, "抽中", ())
            self.log(case, look, Outcome.NOBODY, names, at, lead and lead["unit"])

    def look_back(
        self, case: Case, at: datetime, actor: str, reason: str, *, passed: bool
    ) -> None:
        """回头看: a relapse goes to rework, one level higher at once."""
        need(case["look_back_due_at"])
        need(actor != case["verified_by"])
        need(passed or reason)
        _end_look_back(case)
        if passed:
            self.record(case, Verb.LOOK_BACK_PASS)
            return
        case.update(relapses=case["relapses"] + 1, closed_at=None, verified_by="")
        self._reopen_parts(case, parts(case))
        self._rework(case, Verb.LOOK_BACK_FAIL, Kind.RELAPSED, at, raised=True)

    def reopen(self, case: Case, at: datetime, reason: str) -> None:
        """重新办理"""
        need(reason)
        need(parts(case))
        _end_look_back(case)
        case.update(closed_at=None, verified_by="")
        self._reopen_parts(case, parts(case))
        self._rework(case, Verb.REOPEN, Kind.REOPENED, at)

    # -- the engine ----------------------------------------------------------------------------

    def sweep(self, at: datetime) -> None:
        """What is filed is dispatched; then every case is judged until nothing is due."""
        for case in self.cases.values():
            if case["status"] is S.FILED:
                self._route(case, at)
        for case in self.cases.values():
            while (due := ladder.next_look(case)) and due <= at:
                self._look(case, at)

    def _look(self, case: Case, at: datetime) -> None:
        if case["status"] is S.SUSPENDED:
            return self._resume(case, case["resumes_at"], told(case, (Duty.CONTACT,)))
        done = {
            (stage, level, rule)
            for clock, stage, level, rule in case["log"]
            if clock == _clock(case, stage)
        }
        lead = leading(case)
        for look, outcome, names in ladder.judge(case, at, done):
            self.log(case, look, outcome, names, at, lead and lead["unit"])
            self.tell(case, Kind.ESCALATION if look.level else Kind.REMINDER, names)
        case["looked_until"] = at
        return None


# -- small steps -------------------------------------------------------------------------------


def _clock(case: Case, stage: Stage) -> int:
    names = {Stage.HANDLE: "epoch", Stage.LOOK_BACK: "look_backs"}
    return int(case[names.get(stage, "turn")])


def _enter(case: Case, to: Status, at: datetime, step: Stage | None = None) -> None:
    case.update(status=to, since=at, turn=case["turn"] + 1)
    case["step_due_at"] = _step(step, at) if step else None


def _step(stage: Stage, at: datetime) -> datetime:
    return hours.due(ladder.STEP_LIMITS[stage], at)


def _start(case: Case, at: datetime) -> None:
    """A handling clock starts."""
    case.update(clock_from=at, epoch_from=at)
    _reckon(case)


def _reckon(case: Case) -> None:
    """When the case is due: its limit, once more for every extension, pauses left out."""
    pauses = tuple(pause for pause in case["pauses"] if pause[1] > case["clock_from"])
    due = hours.due(case["limit"], case["clock_from"], pauses)
    for _ in range(case["extensions"]):
        due = hours.beyond(case["limit"], due, pauses)
    case["due_at"] = due
    case["provisional"] = (due - hours.TICK).year > LAST_PUBLISHED_YEAR


def _end_pause(case: Case, at: datetime) -> None:
    if case["status"] is S.SUSPENDED:
        case["pauses"] += [(case["paused_at"], at)] if at > case["paused_at"] else []
        case.update(resumes_at=None, paused_at=None)


def _end_look_back(case: Case) -> None:
    case.update(look_back_from=None, look_back_due_at=None, inspector=None)


def _open_request(case: Case) -> dict[str, Any] | None:
    return next((one for one in case["requests"] if one["state"] is RequestState.OPEN), None)


def _lapse(case: Case) -> None:
    """The case has moved on before anybody decided."""
    if asked := _open_request(case):
        asked["state"] = RequestState.LAPSED


def _roles(units: Sequence[str]) -> list[tuple[str, Role]]:
    """The first leads, the others assist; each once."""
    named = list(dict.fromkeys(units))
    return [(unit, Role.ASSISTING if n else Role.LEAD) for n, unit in enumerate(named)]


def _part(unit: str, role: Role) -> dict[str, Any]:
    return {"unit": unit, "role": role, "ended": False, "exempt": False, "confirmed": False,
            "late": None, "handler": None, "leader": None}  # fmt: skip


def _part_of(case: Case, unit: str) -> dict[str, Any]:
    lead = leading(case)
    wanted = unit or (lead["unit"] if lead else "")
    found = next((part for part in parts(case) if part["unit"] == wanted), None)
    known(found)
    assert found is not None
    return found


