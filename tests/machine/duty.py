"""定责 in the model: who puts it right."""

from collections.abc import Sequence
from datetime import datetime

from models.case import LimitSource, Stage
from models.category import Role
from models.notice import NoticeKind as Kind
from models.person import DutyKind as Duty
from models.verb import Verb
from tests.machine import hours
from tests.machine.city import MEMBERS, UNITS, leading, parts, reached, upwards, who
from tests.machine.matter import (
    Case,
    S,
    end_pause,
    enter,
    known,
    lapse,
    need,
    new_part,
    part_of,
    roles,
)
from tests.machine.opening import Opening


class Duties(Opening):
    """Dispatch, signing, returns and rulings, meetings, passing on."""

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
                limit, source = self.choose(case, case["paper_limit"])
        self.hand_over(case, roles(units), limit, source, at)

    def acknowledge(self, case: Case, at: datetime) -> None:
        """签收"""
        enter(case, S.IN_PROGRESS, at)
        self.record(case, Verb.ACKNOWLEDGE)

    def assign(
        self, case: Case, at: datetime, unit: str, section: str, person: str, leader: str
    ) -> None:
        """内部分派"""
        need(section or person or leader)
        part = part_of(case, unit)
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
        """退单: the clock runs on; the second ruling is final.

        Whoever has submitted has taken the case on.
        """
        need(case["submitted_at"] is None)
        need(case["returns"] < 2)
        need(reason)
        case["returns"] += 1
        enter(case, S.RETURNED, at, Stage.RULE)
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
        lapse(case)
        case.update(extensions=0, submitted_at=None)
        self._give(case, units, limit, at)
        if old and old["unit"] not in units:
            self.tell(case, Kind.TRANSFERRED, reached(old, Duty.CONTACT))

    def refuse(self, case: Case, at: datetime, reason: str) -> None:
        """裁定: 驳回退单: as if it had never been sent back."""
        need(reason)
        enter(case, S.DISPATCHED, at, Stage.SIGN)
        self.record(case, Verb.REFUSE_RETURN)
        self.tell_lead(case, Kind.DECIDED)

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
        case["parts"] += [new_part(unit, role) for unit, role in roles(units) if unit not in kept]
        lapse(case)
        enter(case, S.DISPATCHED, at, Stage.SIGN)
        self.record(case, Verb.COORDINATE)
        for unit in dict.fromkeys(units):
            self.tell(case, Kind.DECIDED, reached(part_of(case, unit), Duty.CONTACT))

    def transfer(
        self, case: Case, at: datetime, units: Sequence[str], reason: str, limit: str, *,
        exempt: bool,
    ) -> None:  # fmt: skip
        """改派"""
        need(reason)
        known(units and all(unit in UNITS for unit in units))
        lead = leading(case)
        need(not lead or lead["unit"] != units[0])
        end_pause(case, at)
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
            case["parts"].append(new_part(unit, Role.LEAD))
        else:
            own["role"] = Role.LEAD
        case.update(raised=case["raised"] + 1, raised_at=at)
        case["looked_until"] = min(case["looked_until"], at - hours.TICK)
        self.record(case, Verb.TAKE_OVER)
        for one in (unit, lead["unit"]):
            part = part_of(case, one)
            self.tell(case, Kind.TAKEN_OVER, reached(part, Duty.CONTACT, Duty.HEAD))
