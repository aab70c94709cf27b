"""立案与归并: what becomes of a finding before it is anybody's, and what takes cases apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import CaseState, Change, apply, table
from ledger.database import Ledger
from ledger.desk.matter import (
    Matter,
    act,
    by_hand,
    find,
    needs_reason,
    owe_closing,
    paper_limit,
)
from ledger.dispatching import Claim, choose_limit, decide, dispatch, hold, start_step
from ledger.log import done_of, epoch_start
from ledger.opening import Numbers, new_case
from ledger.reference import Reference, zone
from ledger.retiming import retime
from models.case import Case, Stage, Status
from models.cost import Cost, CostKind
from models.notice import NoticeKind
from models.unit import Area
from models.verb import Verb
from models.words import Trouble, Words
from rules.lifecycle import OPEN_STATUSES, Moved, Refused
from rules.routing import Routed, Undecided


def file(
    ledger: Ledger, number: str, at: datetime, actor: str, category: str = ""
) -> Moved | Refused:
    """File a reported finding (立案), under a category by code or name if one is given.

    The next round dispatches it.
    """

    def effect(matter: Matter) -> None:
        code = _category(matter.reference, category) if category else matter.case.category_code
        matter.case.set(category_code=code)
        matter.move()
        start_step(matter.change, matter.book, Stage.DISPATCH, at)
        matter.record(Verb.FILE, f"立案，{_called(matter.reference, code)}。", category=code)
        matter.plan()

    return act(ledger, number, Verb.FILE, at, actor, effect)


def reject(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Do not file a reported finding, with the reason (不予立案)."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        matter.move()
        matter.record(Verb.REJECT, f"不予立案：{reason}。")
        owe_closing(matter, NoticeKind.ENDED, f"不予立案：{reason}")
        matter.plan()
        return None

    return act(ledger, number, Verb.REJECT, at, actor, effect)


def fix_on_spot(ledger: Ledger, number: str, at: datetime, actor: str) -> Moved | Refused:
    """A reported finding was put right at once, on the spot: counted, no clock."""

    def effect(matter: Matter) -> None:
        matter.move()
        matter.case.set(closed_at=at, submitted_at=at, late=False, verified_by=actor)
        matter.record(Verb.FIX_ON_SPOT, "现场已整改，登记销号。")
        owe_closing(matter)
        matter.plan()

    return act(ledger, number, Verb.FIX_ON_SPOT, at, actor, effect)


def reclassify(
    ledger: Ledger, number: str, category: str, reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """Change the category, by code or name. A limit that came from it follows."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        code = _category(matter.reference, category)
        if code == matter.case.category_code:
            return Words("类别未变。", "the case is of that category already.")
        old, new = matter.case.category_code, _called(matter.reference, code)
        matter.case.set(category_code=code)
        was = _called(matter.reference, old)
        matter.record(Verb.RECLASSIFY, f"类别由{was}改为{new}：{reason}。", old=old, category=code)
        cause = f"类别改为{new}"
        logged = done_of(matter.connection, [matter.case.id])[matter.case.id]
        retime(
            matter.change, matter.reference, matter.pauses(), at, cause, matter.lead(), actor,
            logged=logged, epoch_from=epoch_start(matter.connection, matter.case),
        )  # fmt: skip
        return None

    return act(ledger, number, Verb.RECLASSIFY, at, actor, effect)


def _category(reference: Reference, text: str) -> str:
    code = text if text in reference.categories else reference.classifier.by_name(text)
    if code is None:
        raise Trouble(
            f"立案标准中没有类别“{text[:60]}”。请写代码或小类名称。",
            f'The catalogue has no category "{text[:60]}". Give its code or its minor name.',
        )
    return code


def _called(reference: Reference, code: str | None) -> str:
    known = reference.categories.get(code or "")
    return f"{known.code} {known.minor}" if known else "类别待定"


# -- joining and taking apart ------------------------------------------------------------------


def merge(ledger: Ledger, number: str, into: str, at: datetime, actor: str) -> Moved | Refused:
    """Join a case to another open one, which counts its reports."""

    def effect(matter: Matter) -> Words | None:
        if into == number:
            return Words("不能并入自身。", "a case cannot be merged into itself.")
        other = find(matter.connection, into)
        if other["status"] not in OPEN_STATUSES:
            return Words(f"{into} 已办结，不能并入。", f"{into} is no longer open.")
        joined = Change(CaseState(other))
        joined.case.set(reports=joined.case.reports + matter.case.reports)
        joined.record(Verb.JOIN, at, f"{number} 并入本案。", actor)
        _leave(matter)
        matter.record(Verb.MERGE, f"并入 {into}。", into=into)
        owe_closing(matter, NoticeKind.ENDED, f"并入 {into}")
        matter.plan()
        apply(matter.connection, [joined])
        return None

    return act(ledger, number, Verb.MERGE, at, actor, effect, partial(_both, (number, into)))


def _both(numbers: Sequence[str], connection: Connection) -> None:
    """Hold two cases in the order of their numbers: two merges the other way round would wait
    for each other for ever."""
    cases = table(Case)
    query = sa.select(cases.c.id).where(cases.c.number.in_(numbers))
    connection.execute(query.order_by(cases.c.number).with_for_update())


@dataclass(frozen=True, slots=True)
class Share:
    """One of the parts a case is split into. Without units the routes decide."""

    problem: str
    units: tuple[str, ...] = ()


def split(
    ledger: Ledger, number: str, shares: Sequence[Share], reason: str, at: datetime, actor: str
) -> Moved | Refused:
    """Split a case into new ones, each dispatched on its own with a fresh clock."""
    year = at.astimezone(zone(ledger)).year
    held: list[Numbers] = []

    def effect(matter: Matter) -> Words | None:
        if len(shares) < 2 or any(not share.problem.strip() for share in shares):
            return Words("拆分须写明两个以上的问题。", "a case is split into two problems or more.")
        if refused := needs_reason(reason):
            return refused
        parts = [_share(matter, held[0], share) for share in shares]
        held[0].keep()
        names = "、".join(part.case.number for part in parts)
        _leave(matter)
        matter.record(Verb.SPLIT, f"拆分为 {names}：{reason}。")
        owe_closing(matter, NoticeKind.ENDED, f"拆分为 {names}：{reason}")
        matter.plan()
        apply(matter.connection, parts)
        return None

    return act(
        ledger, number, Verb.SPLIT, at, actor, effect, lambda c: held.append(Numbers(c, year))
    )


def _share(matter: Matter, numbers: Numbers, share: Share) -> Change:
    """One part as a new case: filed, and dispatched if a unit can be named."""
    old, reference, at = matter.case, matter.reference, matter.at
    change = Change(
        new_case(
            numbers, old.place, share.problem.strip(), reference.active, at,
            area_id=old.area_id, category_code=_guess(reference, share, old.place),
            severity=old.severity, split_from=old.id, recurrence_of=old.recurrence_of,
            reported_at=old.reported_at,
        ),
        new=True,
    )  # fmt: skip
    book = reference.books[reference.active]
    change.move(Status.FILED, at)
    start_step(change, book, Stage.DISPATCH, at)
    called = _called(reference, change.case.category_code)
    change.record(Verb.FILE, at, f"由 {old.number} 拆分立案，{called}。", matter.actor)
    paper = paper_limit(matter, reference.active)
    change.case.set(limit=paper)
    routed = _who(matter, share, change.case.category_code)
    if isinstance(routed, Undecided):
        hold(change, reference, book, routed.reason, at)
        return change
    limit = choose_limit(reference, book, paper, change.case.category_code)
    dispatch(change, reference, book, routed, limit, at, matter.actor)
    return change


def _who(matter: Matter, share: Share, category: str | None) -> Routed | Undecided:
    """The units the supervisor names for a part, else those of the route."""
    reference = matter.reference
    if share.units:
        return by_hand(reference, share.units, "拆分时指定责任单位")
    return decide(
        reference, Claim(), category, area_path(matter.connection, matter.case), matter.at
    )


def area_path(connection: Connection, case: CaseState) -> str | None:
    """The path of the area a case lies in."""
    areas = table(Area)
    query = sa.select(areas.c.path).where(areas.c.id == case.area_id)
    return connection.execute(query).scalar_one_or_none()


def _guess(reference: Reference, share: Share, place: str) -> str | None:
    match = reference.classifier.match(share.problem, place)
    return match.code if match.confidence >= reference.book.policy.confident else None


def _leave(matter: Matter) -> None:
    """Out of the work, whatever clock was running or resting."""
    if matter.case.status is Status.SUSPENDED:
        matter.change.resumed_at = matter.at
        matter.case.set(resumes_at=None)
    matter.move()


def cancel(ledger: Ledger, number: str, reason: str, at: datetime, actor: str) -> Moved | Refused:
    """Take a case out of the work, with a reason."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        _leave(matter)
        matter.record(Verb.CANCEL, f"作废：{reason}。")
        owe_closing(matter, NoticeKind.ENDED, f"作废：{reason}")
        matter.plan()
        return None

    return act(ledger, number, Verb.CANCEL, at, actor, effect)


# -- notes and money ---------------------------------------------------------------------------


def note(ledger: Ledger, number: str, text: str, at: datetime, actor: str) -> Moved | Refused:
    """Write a remark into the record."""

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(text):
            return refused
        matter.record(Verb.NOTE, text.strip())
        return None

    return act(ledger, number, Verb.NOTE, at, actor, effect)


def record_cost(
    ledger: Ledger,
    number: str,
    kind: CostKind,
    yuan: str,
    reason: str,
    at: datetime,
    actor: str,
) -> Moved | Refused:
    """Record an amount advanced or settled, in yuan with at most two decimals.

    What is settled cannot be more than what was advanced. Raises Trouble for what is no amount.
    """
    fen = _fen(yuan)

    def effect(matter: Matter) -> Words | None:
        if refused := needs_reason(reason):
            return refused
        owed = _unsettled(matter)
        if kind is CostKind.SETTLED and fen > owed:
            return Words(
                f"结算 {_yuan(fen)} 元超过尚未结算的垫支 {_yuan(owed)} 元。",
                f"{_yuan(fen)} yuan is more than the {_yuan(owed)} advanced and not yet settled.",
            )
        row = {"case_id": matter.case.id, "kind": kind, "fen": fen, "actor": actor,
               "note": reason.strip(), "at": at}  # fmt: skip
        matter.change.more.append((Cost, row))
        said = f"{kind.words.zh} {_yuan(fen)} 元：{reason.strip()}。"
        matter.record(Verb.RECORD_COST, said, kind=kind.value, fen=fen)
        return None

    return act(ledger, number, Verb.RECORD_COST, at, actor, effect)


LARGEST = Decimal(10) ** 10


def _fen(yuan: str) -> int:
    try:
        amount = Decimal(yuan.replace(",", "").strip())
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and 0 < amount < LARGEST and amount == round(amount, 2)):
        raise Trouble(
            f"金额“{yuan[:30]}”读不出：应为大于 0 的元，最多两位小数，如 1280.50。",
            f'The amount "{yuan[:30]}" cannot be read: yuan above 0 with at most two decimals, '
            "such as 1280.50.",
        )
    return int(amount * 100)


def _yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:,.2f}"


def _unsettled(matter: Matter) -> int:
    costs = table(Cost)
    sign = sa.case((costs.c.kind == CostKind.ADVANCED, costs.c.fen), else_=-costs.c.fen)
    query = sa.select(sa.func.coalesce(sa.func.sum(sign), 0))
    return int(
        matter.connection.execute(query.where(costs.c.case_id == matter.case.id)).scalar_one()
    )
