"""案件页: what the page of a case shows, as plain values for its templates."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from duban.letters.ahead import done_by as does
from duban.letters.ahead import told as to_be_told
from duban.letters.course import HAPPENED
from duban.letters.fired import done_by, point_of
from duban.letters.saying import people
from ledger.file import File, Shot
from ledger.standing import Standing
from ledger.telling import Told
from models.case import Status
from models.category import Role
from models.cost import CostKind
from models.escalation import Outcome
from models.notice import NoticeState
from models.person import DutyKind
from models.photo import PhotoPurpose
from models.verb import Verb
from models.words import Words
from portal.acting import ACTIONS
from rules.permission import Concern, Viewer
from rules.requests import overdue

V = Verb

FRONT: tuple[tuple[Verb, ...], ...] = (
    (V.ACKNOWLEDGE, V.SUBMIT),
    (V.SUBMIT,),
    (V.VERIFY_PASS, V.VERIFY_FAIL, V.VERIFY_PARTLY),
    (V.LOOK_BACK_PASS, V.LOOK_BACK_FAIL),
    (V.UPHOLD_RETURN, V.REFUSE_RETURN, V.COORDINATE),
    (V.EXTEND, V.REFUSE_REQUEST),
    (V.SUSPEND, V.REFUSE_REQUEST),
    (V.UPHOLD_APPEAL, V.REFUSE_APPEAL),
    (V.FILE, V.REJECT),
    (V.DISPATCH,),
    (V.CONFIRM_PART,),
    (V.RESUME,),
    (V.PUBLISH,),
    (V.URGE, V.TRANSFER),
)
"""Which verbs a case asks for, the most pressing group first; the others are folded away."""


def front(verbs: Sequence[Verb], case: Any) -> tuple[list[Verb], list[Verb]]:
    """The verbs shown as buttons, the main one first, and those that are folded."""
    found = next((g for g in FRONT if g[0] in verbs), ())
    shown = [verb for verb in found if verb in verbs]
    if case.status is Status.REWORK:
        # What was signed for once needs no second signature: handing in comes first.
        shown.sort(key=lambda verb: verb is Verb.ACKNOWLEDGE)
    return shown, [verb for verb in verbs if verb not in shown and verb in ACTIONS]


_WAY: tuple[tuple[Words, frozenset[Status]], ...] = (
    (Words("立案", "Filing"), frozenset({Status.REPORTED})),
    (Words("交办", "Dispatch"), frozenset({Status.FILED, Status.UNDECIDED})),
    (Words("签收", "Signing"), frozenset({Status.DISPATCHED})),
    (Words("整改", "Rectification"),
     frozenset({Status.IN_PROGRESS, Status.REWORK, Status.RETURNED, Status.SUSPENDED})),
    (Words("核查", "Verification"), frozenset({Status.SUBMITTED})),
    (Words("销号", "Closing"), frozenset({Status.CLOSED})),
)  # fmt: skip


def steps(case: Any, at: datetime) -> list[dict[str, object]]:
    """Where the case stands on its way; nothing once it has left it."""
    here = next((n for n, (_, statuses) in enumerate(_WAY) if case.status in statuses), None)
    if here is None:
        return []
    done = here + 1 if case.status is Status.CLOSED else here
    late = overdue(case.due_at, at) and case.submitted_at is None
    return [
        {"label": label, "state": _state(n, here, done, late=late)}
        for n, (label, _) in enumerate(_WAY)
    ]


def _state(n: int, here: int, done: int, *, late: bool) -> str:
    if n < done:
        return "done"
    if n > here:
        return "todo"
    return "late" if late else "now"


# -- pictures ----------------------------------------------------------------------------------


def pictures(shots: Sequence[Shot], *purposes: PhotoPurpose) -> list[dict[str, object]]:
    """Pictures as the pages show them, the newest first."""
    mine = [shot for shot in shots if shot.purpose in purposes]
    return [_picture(shot) for shot in sorted(mine, key=lambda s: (-s.record_seq, s.id))]


def _picture(shot: Shot, *, doubts: bool = True) -> dict[str, object]:
    """A picture; what speaks against it is said whole, what is only not known in a word."""
    said = [d.words if d.reason.grave else d.reason.words for d in shot.doubts if doubts]
    return {
        "id": shot.id,
        "url": f"/photos/{shot.id}.jpg",
        "thumb_url": f"/photos/{shot.id}/thumb.jpg",
        "alt": shot.purpose.words,
        "taken": shot.taken_at,
        "warnings": said,
    }


# -- who ---------------------------------------------------------------------------------------


def units(file: File, at: datetime) -> list[dict[str, object]]:
    """The units that have a part now, the lead first, each with its people."""
    parts = [part for part in file.thread.parts if part.ended_at is None]
    return [_unit(file, part, at) for part in sorted(parts, key=lambda p: p.role is not Role.LEAD)]


def _unit(file: File, part: Any, at: datetime) -> dict[str, object]:
    directory = file.thread.reference.directory
    contacts = directory.who(part.unit_id, DutyKind.CONTACT, at)
    return {
        "name": part.name,
        "role": part.role,
        "section": part.section,
        "handler": directory.people.get(part.handler_id or 0, ""),
        "leader": directory.people.get(part.leader_id or 0, ""),
        "contacts": "、".join(who.person for who in contacts),
        "confirmed_at": part.confirmed_at,
        "assisting": part.role is not Role.LEAD,
        "mine": part.unit_id in [own.unit_id for own in file.own_parts],
    }


def former_units(file: File) -> list[dict[str, object]]:
    """The units that had a part before."""
    return [
        {"name": p.name, "role": p.role, "from": p.started_at, "until": p.ended_at,
         "exempt": p.exempt}
        for p in file.thread.parts
        if p.ended_at is not None
    ]  # fmt: skip


# -- the course of the case --------------------------------------------------------------------

_TONES = {V.ESCALATE: "red", V.REMIND: "amber", V.URGE: "amber"}
_NAMED = {verb.value: verb for verb in Verb}


def course(file: File, viewer: Viewer, lang: str) -> list[dict[str, object]]:
    """The records of the case as a timeline, the newest first; one's own are marked."""
    by_seq: dict[int, list[Shot]] = {}
    for shot in file.shots:
        by_seq.setdefault(shot.record_seq, []).append(shot)
    return [
        _step(record, by_seq.get(record.seq, []), viewer, lang)
        for record in reversed(file.thread.records)
    ]


def _step(record: Any, shots: Sequence[Shot], viewer: Viewer, lang: str) -> dict[str, object]:
    verb = _NAMED.get(record.verb)
    own = record.actor == viewer.actor
    happened = HAPPENED.get(verb) if verb else None
    return {
        "at": record.at,
        "title": verb.words if verb else record.verb,
        "actor": record.actor,
        "text": record.words,
        "tone": "blue" if own else _TONES.get(verb, "grey") if verb else "grey",
        # The record itself is written in Chinese.
        "details": [happened] if happened and lang == "en" else [],
        "photos": [_picture(shot, doubts=False) for shot in shots],
    }


def escalations(file: File, s: Standing) -> list[dict[str, object]]:
    """The rows of the escalation log, the newest first: what, by which rule, who was told."""
    shows_channels = bool(file.concerns & {Concern.SUPERVISOR, Concern.LEADER})
    return [
        {
            "at": row.at,
            "planned_at": row.planned_at,
            "title": done_by(s, row),
            "rule": point_of(s.book, row),
            "outcome": row.outcome,
            "tone": _tone(row),
            "people": [
                _recipient(told, channels=shows_channels) for told in file.told.get(row.id, ())
            ],
        }
        for row in sorted(file.thread.log, key=lambda row: (row.at, row.id), reverse=True)
    ]


def _tone(row: Any) -> str:
    if row.outcome is not Outcome.CARRIED_OUT:
        return "grey"
    return "red" if row.level else "amber"


_ARRIVED = {NoticeState.SENT: "green", NoticeState.DEAD: "red", NoticeState.CAPPED: "amber"}


def _recipient(told: Told, *, channels: bool) -> dict[str, object]:
    last = told.last if channels else None
    return {
        "told": told,
        "tone": _ARRIVED.get(told.state, "grey") if told.state else "grey",
        "channel": last.channel if last else "",
        "answer": last.answer if last else "",
    }


def ahead(file: File, s: Standing) -> list[dict[str, object]]:
    """What will happen if nobody acts, in order, and who will be told."""
    return [
        {
            "at": look.at,
            "words": does(look),
            "level": look.level,
            "people": people(to_be_told(file.thread, s, look)),
            "late": look.at <= s.at,
        }
        for look in s.agenda()
    ]


# -- money and papers --------------------------------------------------------------------------


def money(file: File) -> dict[str, object]:
    """What was advanced and settled, in yuan."""
    sums = {kind: sum(row.fen for row in file.costs if row.kind is kind) for kind in CostKind}
    return {
        "rows": file.costs,
        "advanced": yuan(sums[CostKind.ADVANCED]),
        "settled": yuan(sums[CostKind.SETTLED]),
    }


def yuan(fen: int) -> str:
    """An amount in yuan: "1,280.50"."""
    return f"{fen / 100:,.2f}"


def news(file: File, seen: int) -> Iterator[dict[str, object]]:
    """What people and the engine did to the case after its first `seen` records."""
    for record in file.thread.records:
        if record.seq > seen:
            verb = _NAMED.get(record.verb)
            yield {"at": record.at, "actor": record.actor, "text": record.words,
                   "title": verb.words if verb else record.verb}  # fmt: skip
