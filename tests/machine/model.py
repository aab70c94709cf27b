"""The model: a dict for each case, and what every verb does to it, in plain steps.

A verb raises `No` where it is refused and `Unknown` where a name means nothing; then nothing has
changed.
"""

from collections.abc import Callable
from datetime import datetime

from models.case import Status
from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from tests.machine import ladder
from tests.machine.city import lead_unit, told
from tests.machine.delay import Delays
from tests.machine.duty import Duties
from tests.machine.filing import Filing
from tests.machine.matter import AT_WORK, HELD, OPEN, WORKING, Case, No, S, Unknown, clock_of, need
from tests.machine.work import Work

STAYS: tuple[Status, ...] = ()
ANYWHERE = tuple(Status)

TABLE: dict[str, tuple[tuple[Status, ...], tuple[Status, ...]]] = {
    "file": ((S.REPORTED,), (S.FILED,)),
    "reject": ((S.REPORTED,), (S.REJECTED,)),
    "fix_on_spot": ((S.REPORTED,), (S.CLOSED,)),
    "dispatch": ((S.FILED, S.UNDECIDED), (S.DISPATCHED,)),
    "coordinate": ((S.UNDECIDED, S.RETURNED), (S.DISPATCHED,)),
    "transfer": (HELD, (S.DISPATCHED,)),
    "acknowledge": ((S.DISPATCHED, S.REWORK), (S.IN_PROGRESS,)),
    "assign": ((*WORKING, S.SUSPENDED), STAYS),
    "send_back": ((S.DISPATCHED, S.IN_PROGRESS), (S.RETURNED,)),
    "uphold": ((S.RETURNED,), (S.DISPATCHED,)),
    "refuse": ((S.RETURNED,), (S.DISPATCHED,)),
    "ask": (AT_WORK, STAYS),
    "appeal": ((S.CLOSED,), STAYS),
    "decide": ((*AT_WORK, S.CLOSED), (*AT_WORK, S.CLOSED, S.SUSPENDED)),
    "resume": ((S.SUSPENDED,), (S.IN_PROGRESS,)),
    "urge": (HELD, STAYS),
    "submit": (AT_WORK, (S.SUBMITTED,)),
    "confirm_part": ((*WORKING, S.SUBMITTED), STAYS),
    "withdraw": ((S.SUBMITTED,), (S.IN_PROGRESS,)),
    "verify": ((S.SUBMITTED,), (S.CLOSED, S.REWORK)),
    "publish": ((S.CLOSED,), STAYS),
    "look_back": ((S.CLOSED,), (S.CLOSED, S.REWORK)),
    "reopen": ((S.CLOSED,), (S.REWORK,)),
    "take_over": (HELD, STAYS),
    "expose": ((*OPEN, S.CLOSED), STAYS),
    "merge": (OPEN, (S.MERGED,)),
    "split": (OPEN, (S.SPLIT,)),
    "cancel": (OPEN, (S.CANCELLED,)),
    "reclassify": (OPEN, STAYS),
    "note": (ANYWHERE, STAYS),
    "record_cost": (ANYWHERE, STAYS),
}
"""Where each verb may be used and where it may lead, by hand from design §4 and the issue."""


class Model(Filing, Duties, Delays, Work):
    """All verbs, and the engine."""

    def act(self, verb: str, number: str, does: Callable[[Case], None]) -> str:
        """What a verb comes to: the status it leads to, "refused", or "unknown" for a name."""
        case = self.cases[number]
        before, (where, leads) = case["status"], TABLE[verb]
        try:
            need(before in where)
            does(case)
        except No:
            return "refused"
        except Unknown:
            return "unknown"
        assert case["status"] in (leads or (before,))
        return str(case["status"].value)

    # -- the engine ----------------------------------------------------------------------------

    def sweep(self, at: datetime) -> None:
        """What is filed is dispatched; then every case is judged until nothing is due."""
        for case in self.cases.values():
            if case["status"] is S.FILED:
                self.route(case, at)
        for case in self.cases.values():
            while (due := ladder.next_look(case)) and due <= at:
                self._look(case, at)

    def _look(self, case: Case, at: datetime) -> None:
        if case["status"] is S.SUSPENDED:
            return self._resume(case, case["resumes_at"], told(case, (Duty.CONTACT,)))
        done = {
            (stage, level, rule)
            for clock, stage, level, rule in case["log"]
            if clock == clock_of(case, stage)
        }
        for look, outcome, names in ladder.judge(case, at, done):
            self.log(case, look, outcome, names, at, lead_unit(case))
            self.tell(case, Kind.ESCALATION if look.level else Kind.REMINDER, names)
        case["looked_until"] = at
        return None
