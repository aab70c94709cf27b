"""基础资料: units, areas, categories; who asks; and when a limit is used up."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from ledger import excerpts
from ledger.scope import Missing
from ledger.tokens import Scope
from models.words import Words
from portal.api import shapes
from portal.api.admission import Admitted, bearer, may
from portal.api.paging import LIMIT, AfterId, Limit, tell
from portal.api.shapes import By, Instant, Strict, said, shaped, text
from portal.house import InHouse
from portal.seeing import Seer, asking
from portal.seeing import viewer as seer
from rules.explanation import explain
from rules.limits import parse
from rules.permission import Viewer

router = APIRouter(route_class=Admitted, tags=["reference"])


def _with_account(request: Request) -> Viewer:
    """Whoever came by a link sees their case and nothing else."""
    found = seer(request)
    if found.case_id is not None:
        raise Missing("没有这个地址。", "There is no such address.")
    return found


Reader = Annotated[Viewer, Depends(_with_account)]
_READS = may(Scope.REFERENCE_READ)


@router.get("/units", **_READS)
def units(
    request: Request, response: Response, house: InHouse, _: Reader, after: AfterId = None,
    limit: Limit = LIMIT,
) -> shapes.UnitPage:  # fmt: skip
    """Units, by their ids."""
    found = excerpts.units(house.ledger, after or 0, limit)
    items = _items(shapes.UnitLine, found, house)
    return shapes.UnitPage(items=items, after=tell(request, response, found.after))


@router.get("/areas", **_READS)
def areas(
    request: Request, response: Response, house: InHouse, _: Reader, after: AfterId = None,
    limit: Limit = LIMIT,
) -> shapes.AreaPage:  # fmt: skip
    """Areas, by their ids."""
    found = excerpts.areas(house.ledger, after or 0, limit)
    items = _items(shapes.AreaLine, found, house)
    return shapes.AreaPage(items=items, after=tell(request, response, found.after))


@router.get("/categories", **_READS)
def categories(
    request: Request, response: Response, house: InHouse, _: Reader,
    after: Annotated[str, text(32), Query(description="`after` of the page before")] = "",
    limit: Limit = LIMIT,
) -> shapes.CategoryPage:  # fmt: skip
    """Categories with their standards and limits, by their codes."""
    found = excerpts.categories(house.ledger, after, limit)
    items = _items(shapes.CategoryLine, found, house)
    return shapes.CategoryPage(items=items, after=tell(request, response, found.after))


def _items(kind: type[Any], found: excerpts.Excerpt, house: InHouse) -> list[Any]:
    zone = house.zone
    return [shaped(kind, row, zone) for row in found.rows]


@router.get("/me", **may(*Scope))
def me(request: Request, viewer: Seer) -> shapes.Me:
    """Who asks, as what, and how far the token reaches."""
    holder = bearer(request)
    by = By.TOKEN if holder else By.LINK if viewer.case_id is not None else By.SESSION
    return shapes.Me(
        name=viewer.name,
        lang=asking(request).lang,
        by=by,
        roles=[
            shapes.RoleLine(role=grant.role, unit_id=grant.unit_id, area_id=grant.area_id)
            for grant in viewer.grants
        ],
        scopes=[scope for scope in Scope if holder and scope in holder.scopes],
    )


class Question(Strict):
    """A limit, and when it starts."""

    limit: Annotated[str, text(200, 1)] = Field(description="as in `3 工作日` or `4 working hours`")
    start: Instant = Field(alias="from")


@router.post("/deadline", **_READS)
def deadline(house: InHouse, _: Reader, body: Question) -> shapes.Reckoned:
    """When a limit is used up by the city's calendar, and why then."""
    reference = house.reference()
    book = reference.book
    found = book.deadline(parse(body.limit, book.policy.bare), body.start)
    lines = list(explain(found, reference.worktime))
    words = Words("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))
    return shapes.Reckoned(
        due_at=found.due_at.astimezone(reference.zone), provisional=found.provisional,
        explanation=said(words),
    )  # fmt: skip
