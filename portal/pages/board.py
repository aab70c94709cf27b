"""待我决定: what waits for a supervisor, with the evidence, to be decided at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from ledger import decisions, measures
from ledger.candidates import guess
from ledger.decisions import Item, Queue
from ledger.reference import Reference
from ledger.suspicions import Suspicion, said_apart, said_known
from ledger.watching import Watched
from models.measure import MeasureKind
from models.request import RequestKind
from models.verb import Verb
from models.words import Trouble, Words
from portal.acting import carry_out
from portal.escalations import shown, told_of_notice
from portal.house import At, House, InHouse
from portal.narrowing import Narrowed, choices, today
from portal.templating import flash, render
from portal.watching import Supervisor
from rules.countdown import countdown, step
from rules.lifecycle import Refused
from rules.permission import Viewer
from rules.requests import MOST_RETURNS

router = APIRouter()

FEW = 5
"""So many of each queue stand on the board; the rest on the queue's own page."""
MOST_AT_ONCE = 50

GRANTS = {
    RequestKind.EXTENSION: (Verb.EXTEND, Verb.REFUSE_REQUEST),
    RequestKind.SUSPENSION: (Verb.SUSPEND, Verb.REFUSE_REQUEST),
    RequestKind.APPEAL: (Verb.UPHOLD_APPEAL, Verb.REFUSE_APPEAL),
}
"""With which verbs a request is granted and refused."""
AT_ONCE: Mapping[Queue, Words] = {
    Queue.UNDECIDED: Words("交办所选", "Dispatch the ticked"),
    Queue.RETURNED: Words("驳回所选退单", "Refuse the ticked returns"),
    Queue.REQUESTS: Words("同意所选申请", "Grant the ticked requests"),
    Queue.REPORTED: Words("所选立案", "File the ticked"),
}
"""Queues of which several can be decided together, and how that is called."""
_ALLOWED = {Verb.DISPATCH, Verb.REFUSE_RETURN, Verb.EXTEND, Verb.SUSPEND, Verb.UPHOLD_APPEAL,
            Verb.FILE}  # fmt: skip


async def _form(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_form)]


@router.get("/board")
def board(
    request: Request, house: InHouse, viewer: Supervisor, at: At, given: Narrowed
) -> Response:
    """All queues with the first of each; or one queue, page by page."""
    reference = house.reference()
    counts = decisions.counts(house.ledger, viewer, at)
    asked = next((queue for queue in Queue if queue.value == given.text("queue")), None)
    queues = [asked] if asked else [queue for queue in Queue if counts[queue]]
    size, after = (decisions.PAGE, given.text("after")) if asked else (FEW, "")
    piles = {
        queue: decisions.pile(house.ledger, viewer, queue, reference, at, after, size)
        for queue in queues
    }
    return render(
        request, "board/page.html", counts=counts, asked=asked, queues=list(Queue),
        piles={
            queue: [_shown(item, queue, reference, viewer, at) for item in pile.items]
            for queue, pile in piles.items()
        },
        page=given.pager("/board", piles[asked].after) if asked else {},
        most=decisions.MOST, at_once=AT_ONCE, kinds=list(MeasureKind),
        units=choices(house, viewer)["units"], here=_here(asked),
    )  # fmt: skip


def _here(queue: Queue | None) -> str:
    return f"/board?queue={queue.value}" if queue else "/board"


def _shown(
    item: Item, queue: Queue, reference: Reference, viewer: Viewer, at: datetime
) -> dict[str, Any]:
    """One matter for the page."""
    line, book = item.line, reference.books[item.line.policy_id]
    found: dict[str, Any] = {
        "item": item, "line": line, "step": step(line, book, at),
        "count": countdown(line, book, at), "photos": [_photo(photo) for photo in item.photos],
    }  # fmt: skip
    return found | _MORE.get(queue, _nothing)(item, reference, viewer)


def _photo(photo: int) -> dict[str, Any]:
    return {"id": photo, "url": f"/photos/{photo}.jpg", "thumb_url": f"/photos/{photo}/thumb.jpg",
            "alt": Words("问题照片", "Picture of the problem")}  # fmt: skip


# -- what belongs to a matter of each queue ----------------------------------------------------


def _nothing(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    return {}


def _guessed(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    """The likeliest categories, with how sure that is and by which words."""
    match = guess(reference, item.line.problem, item.line.place)
    codes = [code for code in (match.code, match.runner_up) if code in reference.categories]
    return {
        "guesses": [reference.categories[code] for code in codes if code],
        "sure": round(match.confidence * 100),
        "because": match.because,
        # Written into the record, which is in Chinese.
        "settled": "督办员核定类别",
    }


def _returned(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    return {"final": item.line.returns >= MOST_RETURNS}


def _requested(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    """How many of its kind the case has had, and how many there may be."""
    kind = item.request.kind if item.request else RequestKind.EXTENSION
    rules = reference.books[item.line.policy_id].policy.requests
    had = {
        RequestKind.EXTENSION: (item.line.extensions, rules.extensions),
        RequestKind.SUSPENSION: (item.line.suspensions, rules.suspensions),
        RequestKind.APPEAL: (item.line.appeals, rules.appeals),
    }[kind]
    agreed = [review.actor for review in item.reviews if review.granted]
    return {"grants": GRANTS[kind], "had": had, "agreed": agreed}


def _alike(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    duplicate = item.pair is not None and item.pair.what is Suspicion.DUPLICATE
    number = item.other.number if item.other else ""
    return {
        "duplicate": duplicate,
        "dismissal": said_apart(number) if duplicate else said_known(number),
    }


def _untold(item: Item, reference: Reference, viewer: Viewer) -> dict[str, Any]:
    if item.row is not None:
        return {"row": shown(item.row, reference, viewer.person_id)}
    return {"row": None, "told": told_of_notice(item.notice, item.attempt)}


_MORE = {
    Queue.REPORTED: _guessed,
    Queue.CATEGORY: _guessed,
    Queue.RETURNED: _returned,
    Queue.REQUESTS: _requested,
    Queue.ALIKE: _alike,
    Queue.UNTOLD: _untold,
}


# -- deciding several at once ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ticked:
    """One case that was ticked: as it was seen, and what is to be done to it."""

    number: str
    version: int
    verb: Verb


@router.post("/board/do")
def do(house: InHouse, viewer: Supervisor, at: At, form: Sent) -> Response:
    """Carry out what was ticked, each for itself; what is refused is said."""
    queue = next((queue for queue in Queue if queue.value == form.get("queue")), None)
    ticked = _ticked(form)
    values = {
        name: [value for value in form.getlist(name) if isinstance(value, str)]
        for name in ("units", "reason")
    }
    refused = {
        each.number: why
        for each in ticked
        if (why := _do(house, viewer, each, values, at)) is not None
    }
    response = RedirectResponse(_here(queue), 303)
    flash(response, _told(len(ticked), refused), "refused" if refused or not ticked else "done")
    return response


def _ticked(form: FormData) -> list[_Ticked]:
    found = []
    for value in form.getlist("case")[:MOST_AT_ONCE]:
        number, version, name = (*str(value).split("@"), "", "")[:3]
        verb = next((verb for verb in _ALLOWED if verb.value == name), None)
        if verb is not None and version.isdecimal() and len(version) < 10:
            found.append(_Ticked(number, int(version), verb))
    return found


def _do(
    house: House,
    viewer: Viewer,
    each: _Ticked,
    values: Mapping[str, Sequence[str]],
    at: datetime,
) -> Words | None:
    """Decide one; why not, or None."""
    try:
        answer = carry_out(
            house.ledger, viewer, each.number, each.verb, values, at, house.zone, each.version
        )
    except Trouble as trouble:
        return trouble.words
    return answer.reason if isinstance(answer, Refused) else None


def _told(ticked: int, refused: Mapping[str, Words]) -> Words:
    if not ticked:
        return Words("没有选中任何案件，什么也没有办。", "Nothing was ticked, so nothing was done.")
    done = ticked - len(refused)
    first = list(refused.items())[:3]
    zh = "".join(f" {number}：{why.zh[:60]}" for number, why in first)
    en = "".join(f" {number}: {why.en[:90]}" for number, why in first)
    return Words(
        f"办了 {done} 件{f'，{len(refused)} 件没有办：{zh}' if refused else '。'}",
        f"Done: {done}{f'; not done: {len(refused)}.{en}' if refused else '.'}",
    )


# -- proposals of measures ---------------------------------------------------------------------


@router.post("/board/proposals/{proposal}/record")
def record(
    house: InHouse,
    viewer: Supervisor,
    at: At,
    proposal: int,
    kind: Annotated[str, Form()] = "",
    document: Annotated[str, Form()] = "",
    held_on: Annotated[date | None, Form()] = None,
    person: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Record what was done on a proposal, under its document number."""
    chosen = next((each for each in MeasureKind if each.value == kind), MeasureKind.INTERVIEW)
    watched = _watched(house, viewer, proposal)
    answer = measures.record_measure(
        watched, kind=chosen, document=document, held_on=held_on or today(at, house.reference()),
        reason=reason, at=at, actor=viewer.actor, proposal=proposal, person=person,
    )  # fmt: skip
    return _answered(answer, Words("处置已登记。", "The measure is recorded."))


@router.post("/board/proposals/{proposal}/dismiss")
def dismiss(
    house: InHouse,
    viewer: Supervisor,
    at: At,
    proposal: int,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Decide that a proposal is not followed, and why."""
    watched = _watched(house, viewer, proposal)
    answer = measures.dismiss(watched, proposal, reason, at, viewer.actor)
    return _answered(answer, Words("已登记为不采纳。", "Recorded as not followed."))


def _watched(house: House, viewer: Viewer, proposal: int) -> Watched:
    """The ledger as the viewer may write it about the case of a proposal. Raises Missing."""
    number = decisions.case_of_proposal(house.ledger, viewer, proposal)
    return Watched(house.ledger.engine, viewer, number, {Verb.MEASURE})


def _answered(answer: Any, done: Words) -> Response:
    response = RedirectResponse(_here(Queue.MEASURES), 303)
    if isinstance(answer, Refused):
        flash(response, answer.reason, "refused")
    else:
        flash(response, done)
    return response
