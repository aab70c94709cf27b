"""立案与归并 in the model: before a case is anybody's, and what takes it apart or away."""

from collections.abc import Sequence
from datetime import datetime

from models.case import LimitSource, Stage, Status
from models.notice import NoticeKind as Kind
from models.verb import Verb
from tests.machine import ladder
from tests.machine.city import UNITS, lead_unit, nearest
from tests.machine.matter import (
    CATEGORIES,
    OPEN,
    Case,
    S,
    end_pause,
    enter,
    known,
    lapse,
    need,
    reckon,
)
from tests.machine.opening import Opening


class Filing(Opening):
    """Filing, joining and splitting, notes and money."""

    def file(self, case: Case, at: datetime, category: str = "") -> None:
        """立案"""
        known(not category or category in CATEGORIES)
        case["category"] = category or case["category"]
        enter(case, S.FILED, at, Stage.DISPATCH)
        self.record(case, Verb.FILE)

    def reject(self, case: Case, at: datetime, reason: str) -> None:
        """不予立案"""
        need(reason)
        enter(case, S.REJECTED, at)
        self.record(case, Verb.REJECT)

    def fix_on_spot(self, case: Case, at: datetime, actor: str) -> None:
        """现场整改"""
        enter(case, S.CLOSED, at)
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
            case["limit"], case["source"] = self.choose(case, paper)
        if case["status"] in ladder.HANDLED:
            reckon(case)
        if all(case[name] == value for name, value in before.items()):
            return
        if before["due_at"] <= at < case["due_at"]:
            # Overdue before and not now: its ladder starts afresh.
            case.update(epoch=case["epoch"] + 1, epoch_from=at)
        self.record(case, Verb.RECOMPUTE)
        if case["due_at"] != before["due_at"]:
            self.tell(case, Kind.RECOMPUTED, nearest(lead_unit(case))[1])
        if case["status"] in ladder.HANDLED:
            self.look_again(case)

    def merge(self, case: Case, at: datetime, into: str) -> None:
        """并案"""
        need(into != case["number"])
        known(into in self.cases)
        other = self.cases[into]
        need(other["status"] in OPEN)
        other["reports"] += case["reports"]
        case["into"] = into
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
            part = self.blank(number, at, case["place"])
            part.update(part=True, reported=case["reported"], recurrence=case["recurrence"])
            enter(part, S.FILED, at, Stage.DISPATCH)
            self.record(part, Verb.FILE)
            part.update(paper=(tuple(units), False), paper_limit=case["paper_limit"])
            part["limit"] = case["paper_limit"]
            self.route(part, at)
            part["paper"] = ((), False)

    def cancel(self, case: Case, at: datetime, reason: str) -> None:
        """作废"""
        need(reason)
        self._leave(case, S.CANCELLED, at)
        self.record(case, Verb.CANCEL)

    def _leave(self, case: Case, to: Status, at: datetime) -> None:
        end_pause(case, at)
        lapse(case)
        enter(case, to, at)
        self.over(case, Kind.ENDED)

    def note(self, case: Case, at: datetime, text: str) -> None:
        """备注"""
        need(text)
        self.record(case, Verb.NOTE)

    def record_cost(self, case: Case, at: datetime, yuan: int, *, settled: bool) -> None:
        """登记经费"""
        need(not settled or yuan <= case["advanced"])
        case["advanced"] += -yuan if settled else yuan
        self.record(case, Verb.RECORD_COST)
