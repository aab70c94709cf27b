"""路由: who answers for what where; and where a finding would go, and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_rules
from ledger.admin_rules import RouteFacts
from ledger.admin_where import course
from models.category import Role
from models.finding import Draft
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import (
    ByHand,
    area_choices,
    carried_out,
    day,
    joined,
    number,
    page,
    pages,
    some,
    unit_names,
    unit_required,
    units_meant,
    went_through,
)
from portal.templating import flash

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/routes")
def listed(
    request: Request, house: InHouse, at: At, q: str = "", ended: str = "", after: int = 0
) -> Response:
    """Every route; those that have ended only when asked for."""
    return _list(request, house, at, {}, q=q, ended=ended, after=after)


def _list(
    request: Request,
    house: House,
    at: Any,
    values: dict[str, str],
    *,
    refused: Words | None = None,
    q: str = "",
    ended: str = "",
    after: int = 0,
) -> Response:
    today = at.astimezone(house.zone).date()
    text = q.strip()
    lines = [
        line
        for line in admin_rules.routes(house.ledger)
        if (ended or not line.ended(today))
        and any(text in said for said in (line.code, line.pattern, *(u for u, _ in line.units)))
    ]
    shown, following = some(lines, after)
    return page(
        request, "routes.html", 422 if refused else 200, refused=refused, lines=shown, q=q,
        ended=ended, today=today, values=values, units=unit_names(house),
        areas=area_choices(house), total=len(lines),
        page=pages("/admin/routes", {"q": q, "ended": ended}, after, following),
    )  # fmt: skip


@router.post("/routes")
def add(
    request: Request,
    house: InHouse,
    hand: ByHand,
    at: At,
    code: Text = "",
    pattern: Text = "",
    area: Text = "",
    lead: Text = "",
    responsible: Text = "",
    assisting: Text = "",
    valid_from: Text = "",
    valid_until: Text = "",
) -> Response:
    """Add a route; cases that waited for one are dispatched."""
    try:
        reference = house.reference()
        units = [
            (unit_required(reference, lead), Role.LEAD),
            *((unit, Role.RESPONSIBLE) for unit in units_meant(reference, responsible)),
            *((unit, Role.ASSISTING) for unit in units_meant(reference, assisting)),
        ]
        facts = RouteFacts(pattern, number(area), units, day(valid_from), day(valid_until))
        admin_rules.add_route(house.ledger, hand, code, facts)
    except Trouble as trouble:
        typed = {
            "code": code, "pattern": pattern, "area": area, "lead": lead,
            "responsible": responsible, "assisting": assisting, "valid_from": valid_from,
            "valid_until": valid_until,
        }  # fmt: skip
        return _list(request, house, at, typed, refused=trouble.words)
    response = RedirectResponse("/admin/routes", 303)
    said = Words("路由已新增，对此后立案的问题有效。", "Added, for findings from now on.")
    flash(response, joined(said, went_through(house, at)))
    return response


@router.post("/routes/{route_id}/end")
def end(house: InHouse, hand: ByHand, at: At, route_id: int, on: Text = "") -> Response:
    """From a day on it holds no more."""

    def do() -> None:
        last = day(on) or at.astimezone(house.zone).date()
        admin_rules.end_route(house.ledger, hand, route_id, last)

    done = Words("路由已终止，已交办的案件不变。", "Ended; cases dispatched by it stay.")
    return carried_out("/admin/routes", do, done)


@router.get("/routes/try")
def where(
    request: Request,
    house: InHouse,
    at: At,
    place: str = "",
    problem: str = "",
    area: str = "",
    category: str = "",
    units: str = "",
    limit: str = "",
) -> Response:
    """Where a finding would go, and why. Nothing is written."""
    typed = {
        "place": place, "problem": problem, "area": area, "category": category, "units": units,
        "limit": limit,
    }  # fmt: skip
    found, refused = None, None
    reference = house.reference()
    if problem.strip() or place.strip():
        code = category.partition(" ")[0]  # as the list of the field suggests it
        named = tuple(u for u in units.replace("，", "、").split("、") if u.strip())
        draft = Draft(
            "1", place[:2000], problem[:2000], area=area, units=named,
            category=code if code in reference.categories else category,
            limit=limit,
        )  # fmt: skip
        try:
            found = course(house.ledger, reference, draft, at)
        except Trouble as trouble:
            refused = trouble.words
    return page(
        request, "route_try.html", 422 if refused else 200, values=typed, found=found,
        refused=refused, areas=list(reference.areas), units=unit_names(house),
        categories=[f"{c.code} {c.minor}" for c in reference.categories.values()],
    )  # fmt: skip
