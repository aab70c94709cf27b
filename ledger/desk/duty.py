"""定责: who puts it right. Dispatch, signing, returns and rulings, meetings, passing on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ledger import links
from ledger.database import Ledger
from ledger.desk.matter import Matter, act, by_hand, limit_by_hand, needs_reason
from ledger.dispatching import TICK, start_step
from ledger.dispatching import dispatch as hand_over
from ledger.people import named
from models.case import Stage, Status
from models.category import Role
from models.meeting import Meeting
from models.notice import NoticeKind
from models.person import DutyKind
from models.verb import Verb
from models.words import Trouble, Words
from rules import requests
from rules.duty import Directory, Recipient
from rules.lifecycle import Moved, Refused
from rules.routing import Routed


def dispatch(
    ledger: Ledger,
    number: str,
    units: Sequence[str],
    at: datetime,
    actor: str,
    limit: str = "",
    reason: str = "",
) -> Moved | Refused:
    """Hand an undecided or filed case to units by name, the first leading."""

    def effect(matter: Matter) -> None:
        routed = by_hand(matter.reference, units, reason or "督办员指定责任单位")
        _hand_over(matter, routed, limit, Verb.DISPATCH)

    return act(ledger, number, Verb.DISPATCH, at, actor, effect)


def _hand_over(matter: Matter, routed: Routed, limit: str, verb: Verb) -> None:
    chosen = limit_by_hand(matter, limit)
    hand_over(
        matter.change, matter.reference, matter.book, routed, chosen, matter.at, matter.actor, verb
    )


def acknowledge(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """Sign for the case. The handling clock has run since dispatch and runs on."""

    def effect(matter: Matter) -> None:
        late = requests.overdue(matter.case.step_due_at, at)
        matter.move()
        matter.record(Verb.ACKNOWLEDGE, f"签收{'（超过签收时限）' if late else ''}。", late=late)
        matter.plan()

    return act(ledger, number, Verb.ACKNOWLEDGE, at, actor, effect)


# -- inside the unit ---------------------------------------------------------------------------


def assign(
    ledger: Ledger,
    number: str,
    at: datetime,
    actor: str,
    *,
    unit: str = "",
    section: str = "",
    person: str = "",
    leader: str = "",
) -> Moved | Refused:
    """Give a unit's part to a section and a person of it, under a leader (科室、经办人、分管领导).

    Without `unit` it is the lead's. From then on the person is told with the unit's contacts,
    and the leader instead of whoever else has that duty. What is not named stays as it was.
    Raises Trouble when a name is not known in the unit.
    """

    def effect(matter: Matter) -> Words | None:
        if not (section or person or leader):
            return Words(
                "请写明科室、经办人或分管领导。",
                "name a section, a person or the leader in charge.",
            )
        part = matter.part(unit)
        new = _inside(matter, part, section, person, leader)
        matter.change.parts[part.id] = new
        names = {
            "科室": section, "经办人": _called(matter, new["handler_id"] if person else None),
            "分管领导": _called(matter, new["leader_id"] if leader else None),
        }  # fmt: skip
        said = "，".join(f"{what}{name}" for what, name in names.items() if name)
        of = matter.name(part.unit_id)
        matter.record(
            Verb.ASSIGN, f"{of}内部分派：{said}。",
            unit=of, unit_id=part.unit_id, section=new["section"], handler=new["handler_id"],
            leader=new["leader_id"],
        )  # fmt: skip
        _tell_assigned(matter, part, new)
        return None

    return act(ledger, number, Verb.ASSIGN, at, actor, effect)


def _inside(matter: Matter, part: Any, section: str, person: str, leader: str) -> dict[str, Any]:
    directory = matter.reference.directory
    return {
        "section": section or part.section,
        "handler_id": named(directory, person, part.unit_id) if person else part.handler_id,
        "leader_id": _leader(directory, leader, part.unit_id) if leader else part.leader_id,
    }


def _leader(directory: Directory, text: str, unit_id: int) -> int:
    """The leader meant: somebody of the unit, or of one above it."""
    above = (directory.find(text, unit.id) for unit in directory.line(unit_id))
    found = next((people for people in above if people), ())
    return found[0] if len(found) == 1 else named(directory, text, unit_id)


def _called(matter: Matter, person_id: int | None) -> str:
    return matter.reference.directory.people.get(person_id or 0, "")


def _tell_assigned(matter: Matter, part: Any, new: dict[str, Any]) -> None:
    hats = (("handler_id", DutyKind.HANDLER), ("leader_id", DutyKind.LEADER))
    unit, name = part.unit_id, matter.name(part.unit_id)
    told: dict[int, Recipient] = {}
    for key, hat in hats:
        if new[key] and new[key] != getattr(part, key):
            who = Recipient(new[key], _called(matter, new[key]), unit, name, hat)
            told.setdefault(new[key], who)
    kind = NoticeKind.ASSIGNED
    matter.change.owe(kind, matter.at, told.values(), matter.why(kind, unit), role=part.role.value)


# -- sending back, and the ruling --------------------------------------------------------------


def send_back(
    ledger: Ledger, number: str, reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """Send the case back with a reason. The clock keeps running until the ruling."""

    def effect(matter: Matter) -> Words | None:
        refused = requests.return_refusal(matter.case) or needs_reason(reason)
        if refused:
            return refused
        matter.case.set(returns=matter.case.returns + 1)
        matter.move()
        start_step(matter.change, matter.book, Stage.RULE, at)
        final = matter.case.returns >= requests.MOST_RETURNS
        matter.record(
            Verb.SEND_BACK,
            f"第 {matter.case.returns} 次退单：{reason}。时限继续计算"
            f"{'；本次裁定为终审' if final else ''}。",
            final=final,
        )
        matter.tell(NoticeKind.RETURNED, None, (DutyKind.OFFICE,), reason=reason)
        matter.plan()
        return None

    return act(ledger, number, Verb.SEND_BACK, at, actor, effect)


def rule_on_return(
    ledger: Ledger,
    number: str,
    at: datetime,
    actor: str,
    *,
    upheld: bool,
    units: Sequence[str] = (),
    reason: str = "",
) -> Moved | Refused:
    """Decide a return: upheld, to `units` with a fresh clock; refused, as if never sent back."""
    if upheld:
        return act(
            ledger, number, Verb.UPHOLD_RETURN, at, actor, lambda m: _uphold(m, units, reason)
        )
    return act(ledger, number, Verb.REFUSE_RETURN, at, actor, lambda m: _refuse(m, reason))


def _uphold(matter: Matter, units: Sequence[str], reason: str) -> Words | None:
    routed = by_hand(matter.reference, units, f"准予退单：{reason or '理由成立'}")
    if refused := _leads_already(matter, routed):
        return refused
    _pass_on(matter, routed, "", Verb.UPHOLD_RETURN, reason, exempt=True)
    return None


def _leads_already(matter: Matter, routed: Routed) -> Words | None:
    """A fresh clock is for another unit."""
    if routed.units[0][0] != matter.lead():
        return None
    name = matter.name(matter.lead())
    return Words(
        f"{name}已是牵头单位，须改派其他单位；仍由该单位办理的，请驳回退单或不改派。",
        f"{name} leads already; name another unit. To leave the case where it is, refuse the "
        "return, or do not transfer.",
    )


def _pass_on(
    matter: Matter, routed: Routed, limit: str, verb: Verb, reason: str, *, exempt: bool
) -> None:
    """To other units, with a fresh clock; the time of those before may be exempt."""
    old, parts = matter.lead(), matter.parts
    _close_the_door(matter, [part.unit_id for part in parts], [unit for unit, _ in routed.units])
    matter.change.unassigned = {"ended_at": matter.at, "exempt": exempt}
    matter.case.set(extensions=0, submitted_at=None)
    _hand_over(matter, routed, limit, verb)
    if old not in [unit for unit, _ in routed.units] and parts:
        matter.tell(NoticeKind.TRANSFERRED, old, (DutyKind.CONTACT,), reason=reason)


def _close_the_door(matter: Matter, before: Sequence[int], now: Sequence[int]) -> None:
    """The links in what was sent to units that leave the case open it no more."""
    gone = [unit for unit in before if unit not in now]
    links.revoke_of(matter.connection, matter.case.id, gone, matter.at)


def _refuse(matter: Matter, reason: str) -> Words | None:
    if refused := needs_reason(reason):
        return refused
    _back_to_work(matter)
    matter.record(Verb.REFUSE_RETURN, f"驳回退单：{reason}。原单位继续办理，时限不变。")
    matter.tell(
        NoticeKind.DECIDED, matter.lead(), (DutyKind.CONTACT,), reason=f"驳回退单：{reason}"
    )
    matter.plan()
    return None


def _back_to_work(matter: Matter) -> None:
    """To the same lead, on the clock that never stopped: it signs again."""
    matter.move()
    start_step(matter.change, matter.book, Stage.SIGN, matter.at)


def coordinate(
    ledger: Ledger,
    number: str,
    units: Sequence[str],
    participants: Sequence[str],
    decision: str,
    at: datetime,
    actor: str,
    minutes: str = "",
    limit: str = "",
) -> Moved | Refused:
    """Settle duty by a meeting: who took part, what it decided; the first of `units` leads.

    The decision is final: the case cannot be sent back again. Where it leaves the case with the
    unit that led before, the clock runs on as after a refused return; another unit starts
    afresh, and the time of the one before is exempt.
    """

    def effect(matter: Matter) -> Words | None:
        if len(participants) < 2 or not decision.strip():
            return Words(
                "会商须写明两个以上参加单位和决定。",
                "a meeting needs two participants or more, and what it decided.",
            )
        routed = by_hand(matter.reference, units, f"会商定责：{decision.strip()}")
        held = {"case_id": matter.case.id, "held_at": at, "participants": list(participants),
                "decision": decision.strip(), "minutes": minutes}  # fmt: skip
        matter.change.more.append((Meeting, held))
        matter.case.set(returns=requests.MOST_RETURNS)
        if matter.lead() == routed.units[0][0]:
            _confirmed(matter, routed, participants, decision, minutes)
        else:
            _pass_on(matter, routed, limit, Verb.COORDINATE, decision, exempt=True)
            matter.record(Verb.NOTE, _attended(participants, minutes))
        return None

    return act(ledger, number, Verb.COORDINATE, at, actor, effect)


def _attended(participants: Sequence[str], minutes: str) -> str:
    return f"参加会商：{'、'.join(participants)}{f'；纪要 {minutes}' if minutes else ''}。"


def _confirmed(
    matter: Matter, routed: Routed, participants: Sequence[str], decision: str, minutes: str
) -> None:
    """The meeting leaves the case with its lead; the assisting units may be others."""
    directory, at = matter.reference.directory, matter.at
    kept = {part.unit_id for part in matter.parts}
    named_now = dict(routed.units)
    for part in matter.parts:
        if part.unit_id not in named_now:
            matter.change.parts[part.id] = {"ended_at": at, "exempt": True}
    for unit, role in routed.units:
        if unit not in kept:
            matter.change.assign(unit, role, at)
    _back_to_work(matter)
    _close_the_door(matter, list(kept), list(named_now))
    names = "、".join(directory.units[unit].name for unit in named_now)
    matter.record(
        Verb.COORDINATE,
        f"会商定责：{decision.strip()}。仍由原牵头单位办理（{names}），时限不变。"
        f"{_attended(participants, minutes)}",
    )
    for unit, role in routed.units:
        matter.tell(
            NoticeKind.DECIDED, unit, (DutyKind.CONTACT,), reason=f"会商定责：{decision}",
            role=role.value,
        )  # fmt: skip
    matter.plan()


# -- passing on --------------------------------------------------------------------------------


def transfer(
    ledger: Ledger,
    number: str,
    units: Sequence[str],
    reason: str,
    at: datetime,
    actor: str,
    limit: str = "",
    *,
    exempt: bool = False,
) -> Moved | Refused:
    """Pass the case to other units with a fresh clock. `exempt`: it was wrongly dispatched."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        routed = by_hand(matter.reference, units, f"改派：{reason}")
        if refused := _leads_already(matter, routed):
            return refused
        if matter.case.status is Status.SUSPENDED:
            matter.change.resumed_at = at
            matter.case.set(resumes_at=None)
        _pass_on(matter, routed, limit, Verb.TRANSFER, reason, exempt=exempt)
        return None

    return act(ledger, number, Verb.TRANSFER, at, actor, effect)


def take_over(
    ledger: Ledger, number: str, unit: str, reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """A unit above the lead takes the lead, one level higher; the clock runs on.

    The unit that led assists from now on. Raises Trouble when `unit` is not above it.
    """

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        above = _above(matter, unit)
        old = matter.part("")
        matter.change.parts[old.id] = {"role": Role.ASSISTING}
        own = next((part for part in matter.parts if part.unit_id == above), None)
        if own is None:
            matter.change.assign(above, Role.LEAD, at)
        else:
            matter.change.parts[own.id] = {"role": Role.LEAD}
        matter.case.set(raised=matter.case.raised + 1, raised_at=at)
        matter.record(
            Verb.TAKE_OVER,
            f"提级办理：{reason}。由{matter.name(above)}牵头，{matter.name(old.unit_id)}协同，"
            "时限不变，督办提高一级。",
            unit=matter.name(above), unit_id=above,
        )  # fmt: skip
        both = (DutyKind.CONTACT, DutyKind.HEAD)
        for part in (above, old.unit_id):
            role = Role.LEAD if part == above else Role.ASSISTING
            matter.tell(NoticeKind.TAKEN_OVER, part, both, reason=reason, role=role.value)
        matter.plan(min(matter.case.looked_until, at - TICK))
        return None

    return act(ledger, number, Verb.TAKE_OVER, at, actor, effect)


def _above(matter: Matter, unit: str) -> int:
    """The named unit, if the lead answers to it directly or through others."""
    line = matter.reference.directory.line(matter.lead())[1:]
    wanted = matter.reference.unit(unit)
    if wanted not in [above.id for above in line]:
        names = "、".join(above.name for above in line) or "—"
        raise Trouble(
            f"{unit}不是{matter.name(matter.lead())}的上级。上级单位：{names}。",
            f"{unit} is not above {matter.name(matter.lead())}. Above it: {names}.",
        )
    return wanted
