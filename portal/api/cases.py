"""案件: lists, one case, its records and its pictures."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from documents.store import thumb_of
from ledger import excerpts, photos
from ledger.lists import CaseLine, Order, Wanted, page
from ledger.reference import Reference
from ledger.tokens import Scope
from models.case import Status
from models.verb import Verb
from portal.acting import ACTIONS
from portal.api import shapes
from portal.api.admission import Admitted, may
from portal.api.paging import LIMIT, After, AfterId, Limit, tell
from portal.api.shapes import Id, Instant, said, shaped, text
from portal.house import At, House, InHouse
from portal.seeing import Seer
from rules.countdown import countdown
from rules.permission import offered

router = APIRouter(route_class=Admitted, tags=["cases"])

Number = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{4,12}$", description="such as 2026-000123")]
_READS = may(Scope.CASES_READ)
_IMAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


@router.get("/cases", **_READS)
def cases(
    request: Request,
    response: Response,
    house: InHouse,
    viewer: Seer,
    at: At,
    order: Order = Order.DUE,
    status: Annotated[list[Status] | None, Query(max_length=len(Status))] = None,
    unit: Annotated[Id | None, Query(description="a unit's id; its subtree too")] = None,
    area: Annotated[Id | None, Query(description="an area's id; its subtree too")] = None,
    category: Annotated[str, text(32), Query(description="a category's code")] = "",
    q: Annotated[str, text(100), Query(description="a number, or part of place or problem")] = "",
    due_from: Annotated[Instant | None, Query()] = None,
    due_until: Annotated[Instant | None, Query()] = None,
    reworked: bool = False,
    leading: Annotated[bool, Query(description="only where `unit` leads")] = False,
    after: Annotated[After | None, Query()] = None,
    limit: Limit = LIMIT,
) -> shapes.CasePage:
    """Cases in scope: those that wait, in the order in which they are due, or all, newest first."""
    wanted = Wanted(
        order=order, statuses=frozenset(status or ()), unit=unit, area=area, category=category,
        text=q, due_from=due_from, due_until=due_until, reworked=reworked, leading=leading,
    )  # fmt: skip
    found = page(house.ledger, viewer, wanted, after or "", limit)
    reference = house.reference()
    items = [_brief(line, reference, at) for line in found.lines]
    return shapes.CasePage(items=items, after=tell(request, response, found.after))


@router.get("/cases/{number}", **_READS)
def one_case(house: InHouse, viewer: Seer, at: At, number: Number) -> shapes.CaseWhole:
    """One case: its facts, its units, its clock, and what can be done to it now."""
    found = excerpts.whole(house.ledger, viewer, number, at)
    reference = house.reference()
    line, zone = found.line, reference.zone
    verbs = offered(found.concerns, line, line.asked)
    return shaped(
        shapes.CaseWhole, line, zone,
        countdown=_countdown(line, reference, at, found.pauses),
        units=[shaped(shapes.Part, part, zone) for part in found.parts],
        offered=[_offer(verb) for verb in verbs if verb in ACTIONS],
    )  # fmt: skip


@router.get("/cases/{number}/records", **_READS)
def records(
    request: Request, response: Response, house: InHouse, viewer: Seer, number: Number,
    after: AfterId = None, limit: Limit = LIMIT,
) -> shapes.RecordPage:  # fmt: skip
    """What happened to a case, in order, each record chained to the one before."""
    found = excerpts.records(house.ledger, viewer, number, after or 0, limit)
    zone = house.zone
    items = [shaped(shapes.RecordLine, row, zone, data=json.loads(row.data)) for row in found.rows]
    return shapes.RecordPage(items=items, after=tell(request, response, found.after))


@router.get("/cases/{number}/photos", **_READS)
def photos_of(house: InHouse, viewer: Seer, number: Number) -> shapes.Photos:
    """The pictures of a case."""
    found, zone = excerpts.pictures(house.ledger, viewer, number), house.zone
    return shapes.Photos(items=[shaped(shapes.PhotoLine, row, zone) for row in found])


PhotoId = Annotated[Id, Path(description="a picture's id")]


@router.get("/photos/{photo}", response_class=Response, responses=_IMAGE, **_READS)
def photo(house: InHouse, viewer: Seer, photo: PhotoId) -> Response:
    """A picture: of a case in scope, or one's own that belongs to none yet."""
    row = _photo(house, viewer, photo)
    return Response(house.store.get(row.path), media_type=row.media, headers=_PRIVATE)


@router.get("/photos/{photo}/thumb", response_class=Response, responses=_IMAGE, **_READS)
def thumb(house: InHouse, viewer: Seer, photo: PhotoId) -> Response:
    """Its small copy."""
    row = _photo(house, viewer, photo)
    return Response(house.store.get(thumb_of(row.path)), media_type=row.media, headers=_PRIVATE)


_PRIVATE = {"Cache-Control": "private, max-age=3600"}


def _photo(house: House, viewer: Seer, photo: int) -> Any:
    with house.ledger.snapshot() as connection:
        return photos.seen_by(connection, viewer, photo)


def _brief(line: CaseLine, reference: Reference, at: datetime) -> shapes.CaseBrief:
    clock = _countdown(line, reference, at)
    return shaped(shapes.CaseBrief, line, reference.zone, countdown=clock)


def _countdown(
    line: CaseLine, reference: Reference, at: datetime, pauses: Any = ()
) -> shapes.Countdown:
    found = countdown(line, reference.books[line.policy_id], at, pauses)
    return shaped(shapes.Countdown, found, reference.zone)


def _offer(verb: Verb) -> shapes.Offer:
    action = ACTIONS[verb]
    return shapes.Offer(
        verb=verb, words=said(verb.words), then=said(action.then), danger=action.danger
    )
