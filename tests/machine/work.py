"""整改与核查 in the model: putting right, checking, and what comes after closing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.case import LimitSource, Stage
from models.category import Role
from models.escalation import Outcome
from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from models.verb import Verb
from tests.machine import hours, ladder
from tests.machine.city import INSPECTOR, lead_unit, parts, reached, who
from tests.machine.matter import (
    Case,
    S,
    end_look_back,
    enter,
    lapse,
    need,
    part_of,
    reckon,
    start_clock,
    step_due,
)
from tests.machine.opening import Opening


class Work(Opening):
    """Submitting and verifying, publishing, looking back, reopening."""

    def submit(self, case: Case, at: datetime, text: str) -> None:
        """整改反馈: the clock stops; the first one decides lateness."""
        need(text)
        lapse(case)
        case["submissions"] += 1
        if case["late"] is None:
            case.update(late=at >= case["due_at"], decided_by=case["submissions"])
        case["submitted_at"] = at
        enter(case, S.SUBMITTED, at, Stage.VERIFY)
        self.record(case, Verb.SUBMIT)
        self.tell(case, Kind.SUBMITTED, who(None, Duty.OFFICE))

    def confirm_part(self, case: Case, at: datetime, unit: str, text: str) -> None:
        """协同完成"""
        need(text)
        part = part_of(case, unit)
        need(part["role"] is not Role.LEAD)
        need(not part["confirmed"])
        late = at >= case["due_at"] if part["late"] is None else part["late"]
        part.update(confirmed=True, late=late)
        self.record(case, Verb.CONFIRM_PART)
        self.tell_lead(case, Kind.CONFIRMED)

    def withdraw(self, case: Case, at: datetime, reason: str) -> None:
        """撤回反馈: on time is undecided again if this one had decided it; late stays.

        The clock runs as if it had never stopped: what came due meanwhile is looked at now, and
        so is a level that had come due before, if no round came between.
        """
        need(reason)
        case["looked_until"] = min(case["looked_until"], case["submitted_at"])
        if case["late"] is False and case["decided_by"] == case["submissions"]:
            case["late"] = None
        case["submitted_at"] = None
        enter(case, S.IN_PROGRESS, at)
        reckon(case)
        self.look_again(case)
        self.record(case, Verb.WITHDRAW)
        self.tell(case, Kind.WITHDRAWN, who(None, Duty.OFFICE))

    def verify(
        self, case: Case, at: datetime, actor: str, result: str, left: Sequence[str], reason: str
    ) -> None:
        """核查: `result` is pass, fail or partly."""
        if result == "pass":
            enter(case, S.CLOSED, at, Stage.PUBLISH)
            case.update(closed_at=at, verified_by=actor)
            self.record(case, Verb.VERIFY_PASS)
            self.over(case, Kind.CLOSED)
            return
        need(reason)
        if result == "fail":
            self._reopen_parts(case, parts(case))
            self._rework(case, Verb.VERIFY_FAIL, Kind.REWORK, at)
            return
        self._reopen_parts(case, [part_of(case, unit) for unit in left])
        self._rework(case, Verb.VERIFY_PARTLY, Kind.REWORK, at)

    def _reopen_parts(self, case: Case, some: Sequence[dict[str, Any]]) -> None:
        for part in some:
            part["confirmed"] = False

    def _rework(
        self, case: Case, verb: Verb, kind: Kind, at: datetime, *, raised: bool = False
    ) -> None:
        lapse(case)
        enter(case, S.REWORK, at)
        case.update(reworks=case["reworks"] + 1, epoch=case["epoch"] + 1, extensions=0)
        case.update(limit=ladder.REWORK, source=LimitSource.REWORK)
        start_clock(case, at)
        if raised:
            case.update(raised=case["raised"] + 1, raised_at=at)
        case["looked_until"] = case["epoch_from"] = at - hours.TICK if raised else at
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
        self.tell_lead(case, Kind.EXPOSED, Duty.CONTACT, Duty.HEAD)

    def draw(self, case: Case, at: datetime) -> None:
        """抽中回头看: by another inspector than the one who verified; there is one in this city."""
        due = step_due(Stage.LOOK_BACK, at)
        free = case["verified_by"] != INSPECTOR
        case.update(look_back_from=at, look_back_due_at=due, look_backs=case["look_backs"] + 1)
        case["inspector"] = INSPECTOR if free else None
        self.record(case, Verb.DRAW)
        names = (INSPECTOR,) if free else who(None, Duty.OFFICE)
        self.tell(case, Kind.LOOK_BACK, names)
        if not free:
            look = ladder.Look(at, Stage.LOOK_BACK, 0, "抽中", ())
            self.log(case, look, Outcome.NOBODY, names, at, lead_unit(case))

    def look_back(self, case: Case, at: datetime, actor: str, reason: str, *, passed: bool) -> None:
        """回头看: a relapse goes to rework, one level higher at once."""
        need(case["look_back_due_at"])
        need(actor != case["verified_by"])
        need(passed or reason)
        end_look_back(case)
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
        end_look_back(case)
        case.update(closed_at=None, verified_by="")
        self._reopen_parts(case, parts(case))
        self._rework(case, Verb.REOPEN, Kind.REOPENED, at)
