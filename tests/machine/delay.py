"""时间 in the model: asking for more of it, for rest, or that lateness not be counted."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from models.request import RequestKind, RequestState
from models.verb import Verb
from tests.machine import hours
from tests.machine.city import leading, reached, told, who
from tests.machine.matter import AT_WORK, Case, S, end_pause, enter, need, open_request, reckon
from tests.machine.opening import Opening


class Delays(Opening):
    """Requests and their answers, suspension and its end, urging."""

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
        need(open_request(case) is None)
        case["requests"].append(
            {"kind": kind, "state": RequestState.OPEN, "by": actor, "until": until, "yes": []}
        )
        self.tell(case, Kind.REQUEST, who(None, Duty.OFFICE))

    def decide(self, case: Case, at: datetime, actor: str, reason: str, *, yes: bool) -> None:
        """审核: an appeal needs two, one no refuses; nobody decides his own, nor twice."""
        asked = open_request(case)
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
            self.tell_lead(case, Kind.DECIDED)
        elif appeal and not asked["yes"]:
            asked["yes"].append(actor)
            self.record(case, Verb.REVIEW)
        else:
            self._grant(case, asked, at)

    def _grant(self, case: Case, asked: dict[str, Any], at: datetime) -> None:
        if asked["kind"] is RequestKind.EXTENSION:
            case["extensions"] += 1
            case.update(epoch=case["epoch"] + 1)
            reckon(case)
            case["looked_until"] = min(at, case["due_at"] - hours.TICK)
            case["epoch_from"] = case["looked_until"]
            self.record(case, Verb.EXTEND)
        elif asked["kind"] is RequestKind.SUSPENSION:
            need(asked["until"] > at)
            enter(case, S.SUSPENDED, at)
            case["suspensions"] += 1
            case.update(resumes_at=asked["until"], paused_at=at)
            self.record(case, Verb.SUSPEND)
        else:
            case["exempt"] = True
            case["appeals"] += 1
            self.record(case, Verb.UPHOLD_APPEAL)
        asked["state"] = RequestState.GRANTED
        self.tell_lead(case, Kind.DECIDED)

    def resume(self, case: Case, at: datetime) -> None:
        """恢复办理 by hand."""
        self._resume(case, at, reached(leading(case), Duty.CONTACT))

    def _resume(self, case: Case, at: datetime, names: Iterable[str]) -> None:
        end_pause(case, at)
        enter(case, S.IN_PROGRESS, at)
        reckon(case)
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
