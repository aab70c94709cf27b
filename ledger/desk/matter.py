"""案头: one case in one transaction, and the frame that every verb is carried out in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import photos
from ledger.changes import CaseState, Change, Overtaken, apply, table
from ledger.database import Ledger
from ledger.dispatching import choose_limit, plan
from ledger.papers import paper_limits
from ledger.parts import answering
from ledger.reference import Reference, read
from models.assignment import Assignment
from models.case import Case, LimitSource, Pause, Status
from models.category import Role
from models.notice import Notice, NoticeKind, NoticeState
from models.person import DutyKind, Person
from models.photo import PhotoPurpose
from models.request import Request, RequestState
from models.unit import Unit
from models.verb import Verb
from models.words import Trouble, Words
from rules.addressees import Answering, addressees
from rules.agenda import Book
from rules.duty import Recipient
from rules.ladder import UPWARDS
from rules.lifecycle import Moved, Refused, move
from rules.limits import Limit, parse
from rules.relevance import OPENING
from rules.routing import Routed


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures that go with a verb, by their ids, and who uploaded them."""

    photos: tuple[int, ...]
    person_id: int


SHOWS = {
    Verb.SUBMIT: PhotoPurpose.SUBMISSION,
    Verb.CONFIRM_PART: PhotoPurpose.SUBMISSION,
    Verb.VERIFY_PASS: PhotoPurpose.VERIFICATION,
    Verb.VERIFY_PARTLY: PhotoPurpose.VERIFICATION,
    Verb.VERIFY_FAIL: PhotoPurpose.VERIFICATION,
    Verb.LOOK_BACK_PASS: PhotoPurpose.LOOK_BACK,
    Verb.LOOK_BACK_FAIL: PhotoPurpose.LOOK_BACK,
}
"""Verbs that pictures may go with, and what these are then to show."""


@dataclass
class Matter:
    """One case on the desk: what a verb needs to know, and the change it makes."""

    connection: Connection
    reference: Reference
    book: Book
    change: Change
    at: datetime
    actor: str
    to: Status
    shown: Shown | None = None

    @property
    def case(self) -> CaseState:
        """The case as it stands in this transaction."""
        return self.change.case

    def record(self, verb: Verb, words: str, **data: Any) -> None:
        """Write what happened under the actor's name.

        Pictures that go with the verb are named in its record by their digests: as records are
        chained, none can be exchanged afterwards.
        """
        shown = self.shown if verb in SHOWS else None
        if shown is None or not shown.photos:
            self.change.record(verb, self.at, words, self.actor, **data)
            return
        of = (self.connection, shown.photos)
        data["photos"] = photos.digests(*of, shown.person_id)
        said = f"{words}（照片 {len(shown.photos)} 张）"
        seq = self.change.record(verb, self.at, said, self.actor, **data)
        photos.attach(*of, self.case.id, shown.person_id, SHOWS[verb], seq)

    def move(self) -> None:
        """Enter the status the verb leads to."""
        self.change.move(self.to, self.at)

    def plan(self, looked_until: datetime | None = None) -> None:
        """Keep the instant of the next look (`ledger.dispatching.plan`)."""
        plan(self.change, self.book, looked_until, self.pauses())

    def pauses(self) -> list[tuple[datetime, datetime]]:
        """The pauses of this case; one that still runs ends now."""
        rows = table(Pause)
        query = sa.select(rows).where(rows.c.case_id == self.case.id).order_by(rows.c.id)
        found = self.connection.execute(query).all()
        return [(row.started_at, row.ended_at or self.at) for row in found]

    @cached_property
    def parts(self) -> list[Any]:
        """The assignments in force as the verb finds them, the lead first."""
        parts = table(Assignment)
        query = sa.select(parts).where(parts.c.case_id == self.case.id, parts.c.ended_at.is_(None))
        rows = self.connection.execute(query.order_by(parts.c.id)).all()
        return sorted(rows, key=lambda part: part.role != Role.LEAD)

    def lead(self) -> int | None:
        """The unit that leads."""
        return next((part.unit_id for part in self.parts if part.role == Role.LEAD), None)

    def part(self, unit: str) -> Any:
        """The part of a unit by name; of the lead when no name is given. Raises Trouble."""
        wanted = self.reference.unit(unit) if unit else self.lead()
        found = next((part for part in self.parts if part.unit_id == wanted), None)
        if found is None:
            names = "、".join(self.name(part.unit_id) for part in self.parts) or "—"
            raise Trouble(
                f"{unit or '牵头单位'}没有承办本案。承办单位：{names}。",
                f"{unit or 'The lead unit'} has no part in this case. Its units: {names}.",
            )
        return found

    def answering(self) -> Answering:
        """Who answers for the case, as follow-up would tell them."""
        return answering(self.parts, self.case.inspector_id)

    def name(self, unit_id: int | None) -> str:
        """A unit's name."""
        unit = self.reference.directory.units.get(unit_id or 0)
        return unit.name if unit else "—"

    def why(self, kind: NoticeKind, about: object) -> str:
        """The key of a notice about this move."""
        return f"{kind.value}:{self.case.number}:{self.case.old['version']}:{about}"

    def tell(
        self, kind: NoticeKind, unit: int | None, duties: Sequence[DutyKind], **facts: Any
    ) -> None:
        """Owe a notice about this move to those duties of a unit (None: the office).

        Where nobody has them, whoever is next above hears it.
        """
        directory = self.reference.directory
        mine = [part for part in self.parts if part.unit_id == unit]
        given = Answering(unit, mine[0].handler_id, mine[0].leader_id) if mine else Answering(unit)
        who = addressees(directory, given, duties, self.at)
        who = who or directory.nearest(unit, UPWARDS, self.at)
        self.change.owe(kind, self.at, who, self.why(kind, unit), **facts)

    def tell_units(self, kind: NoticeKind, duties: Sequence[DutyKind], **facts: Any) -> None:
        """Owe a notice to those duties of every unit that has a part."""
        for part in self.parts:
            self.tell(kind, part.unit_id, duties, **facts)


Effect = Callable[[Matter], Words | None]
"""Carries a verb out on a matter; words instead mean it is refused after all."""

Choose = Callable[[Connection, int], Verb | Words]
"""Names the verb for a case by its id, where that depends on what else is known of it."""

LAPSING = {Verb.SUBMIT, Verb.UPHOLD_RETURN, Verb.COORDINATE, Verb.TRANSFER, Verb.CANCEL, Verb.MERGE,
           Verb.SPLIT, Verb.REOPEN, Verb.LOOK_BACK_FAIL}  # fmt: skip
"""After these nobody needs to decide a request any more that was still open."""


def act(
    ledger: Ledger,
    number: str,
    verb: Verb | Choose,
    at: datetime,
    actor: str,
    effect: Effect,
    first: Callable[[Connection], object] = lambda connection: None,
    shown: Shown | None = None,
) -> Moved | Refused:
    """Carry a verb out in one transaction, if the table allows it where the case stands.

    `first` holds what must be held before the case itself; `shown` goes with the verb. A refusal
    writes nothing. Raises Trouble when there is no such case, unit or person.
    """
    try:
        with ledger.transaction() as connection:
            first(connection)
            row = find(connection, number)
            chosen = verb if isinstance(verb, Verb) else verb(connection, row["id"])
            if isinstance(chosen, Words):
                return Refused(chosen)
            answer = move(row["status"], chosen)
            if isinstance(answer, Refused):
                return answer
            reference = read(connection)
            book = reference.books[row["policy_id"]]
            change = Change(CaseState(row))
            matter = Matter(connection, reference, book, change, at, actor, answer.to, shown)
            refused = effect(matter)
            if refused is not None:
                return Refused(refused)
            _leave_behind(matter, chosen)
            apply(connection, [change])
            return Moved(matter.case.status)
    except Overtaken:
        return Refused(OVERTAKEN)


def _leave_behind(matter: Matter, verb: Verb) -> None:
    """End what the case no longer needs where it has gone."""
    if verb in LAPSING and matter.change.decided is None:
        matter.change.decided = {"state": RequestState.LAPSED, "decided_at": matter.at}


OVERTAKEN = Words(
    "您看到的情况之后，案件已被他人处理，本次没有写入。请看过最新情况再办。",
    "somebody has moved the case since you looked at it; nothing was written. Look at how it "
    "stands now, then decide again.",
)


def find(connection: Connection, number: str) -> Any:
    """The row of a case, held for this transaction. Raises Trouble when there is none."""
    cases = table(Case)
    query = sa.select(cases).where(cases.c.number == number).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise Trouble(
            f"没有编号为 {number} 的案件。编号形如 2026-000123，见 duban cases。",
            f"There is no case {number}. Numbers look like 2026-000123; see duban cases.",
        )
    return row


def needs_reason(reason: str) -> Words | None:
    """A refusal where a verb needs words and has none."""
    return None if reason.strip() else Words("请写明理由。", "a reason is needed.")


def by_hand(reference: Reference, names: Sequence[str], why: str) -> Routed:
    """Units named by a person, the first leading. Raises Trouble for a name nobody knows."""
    ids = [reference.unit(name) for name in names]
    unknown = [name for name, unit in zip(names, ids, strict=True) if unit is None]
    if unknown or not ids:
        raise Trouble(
            f"单位名录中没有：{'、'.join(unknown) or '（未指定单位）'}。用 duban units 查看名录。",
            f"Not in the directory of units: {', '.join(unknown) or '(none named)'}. "
            "duban units lists them.",
        )
    known = list(dict.fromkeys(unit for unit in ids if unit is not None))
    roles = [Role.LEAD, *[Role.ASSISTING] * (len(known) - 1)]
    return Routed(tuple(zip(known, roles, strict=True)), Words(why, why))


def limit_by_hand(matter: Matter, text: str) -> tuple[Limit, LimitSource]:
    """The handling limit of a case that is handed over: as given, as it was, or as chosen."""
    case = matter.case
    if text:
        return parse(text, matter.book.policy.bare), LimitSource.PERSON
    if case.limit and case.limit_source is not LimitSource.REWORK:
        return parse(case.limit), case.limit_source or LimitSource.PAPER
    paper = paper_limit(matter, case.policy_id)
    return choose_limit(matter.reference, matter.book, paper, case.category_code)


def paper_limit(matter: Matter, policy_id: int) -> str:
    """The limit the case's paper names, as that policy reads it; empty when it names none.

    The part of a case that was split has the paper of the whole.
    """
    cases = table(Case)
    case_id, whole = matter.case.id, matter.case.split_from
    while whole is not None:
        query = sa.select(cases.c.split_from).where(cases.c.id == whole)
        case_id, whole = whole, matter.connection.execute(query).scalar_one()
    found = paper_limits(matter.connection, matter.reference, {case_id: policy_id})
    return found.get(case_id, "")


def set_due(matter: Matter) -> None:
    """Reckon the handling deadline again, with every pause there has been."""
    case = matter.case
    due = matter.book.handling(parse(case.limit), case.clock_from, case.extensions, matter.pauses())
    case.set(due_at=due.due_at, provisional=due.provisional)


def open_request(connection: Connection, case_id: int) -> Any:
    """The request of a case that still waits for an answer; at most one does."""
    rows = table(Request)
    query = sa.select(rows).where(rows.c.case_id == case_id, rows.c.decided_at.is_(None))
    return connection.execute(query).one_or_none()


def owe_closing(matter: Matter, kind: NoticeKind = NoticeKind.CLOSED, reason: str = "") -> None:
    """Whoever was told that the case had been opened is told that it is over, and why.

    Also those whose message is still on its way: if it turns out that it never went, this one
    does not go either.
    """
    notices, people, units = table(Notice), table(Person), table(Unit)
    query = (
        sa.select(people.c.id, people.c.name, units.c.id.label("unit"), units.c.name.label("of"))
        .select_from(
            notices.join(people, notices.c.person_id == people.c.id).join(
                units, notices.c.unit_id == units.c.id
            )
        )
        .where(notices.c.case_id == matter.case.id, notices.c.kind.in_(OPENING))
        .where(notices.c.state.in_(_ON_ITS_WAY))
        .order_by(notices.c.id)
    )
    told: dict[int, Recipient] = {}
    for row in matter.connection.execute(query):
        told.setdefault(row.id, Recipient(row.id, row.name, row.unit, row.of, DutyKind.CONTACT))
    case = matter.case
    key = f"{kind.value}:{case.number}:{case.old['version']}"
    matter.change.owe(kind, matter.at, told.values(), key, reason=reason)


_ON_ITS_WAY = (NoticeState.OWED, NoticeState.SENDING, NoticeState.SENT)
