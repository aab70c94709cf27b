"""辖区: city, districts, streets, communities."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_units
from ledger.admin_units import AreaFacts
from models.words import Trouble, Words
from portal.house import InHouse
from portal.pages.admin.shared import ByHand, area_choices, carried_out, number, page, pages, some
from portal.templating import flash

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/areas")
def tree(request: Request, house: InHouse, after: int = 0) -> Response:
    """Every area below its parent, and the form of a new one."""
    lines = admin_units.areas(house.ledger)
    shown, following = some(lines, after)
    return page(
        request, "areas.html", lines=shown, areas=area_choices(house),
        page=pages("/admin/areas", {}, after, following),
    )  # fmt: skip


@router.post("/areas")
def add(
    house: InHouse, hand: ByHand, code: Text = "", name: Text = "", parent: Text = ""
) -> Response:
    """Add an area."""
    return carried_out(
        "/admin/areas",
        lambda: admin_units.add_area(house.ledger, hand, code, AreaFacts(name, number(parent))),
        Words("辖区已新增。", "Added."),
    )


@router.get("/areas/{area_id}")
def one(request: Request, house: InHouse, area_id: int) -> Response:
    """One area."""
    line = admin_units.find(admin_units.areas(house.ledger), area_id, admin_units.AREA)
    return page(request, "area.html", line=line, areas=area_choices(house))


@router.post("/areas/{area_id}")
def change(
    house: InHouse, hand: ByHand, area_id: int, name: Text = "", parent: Text = ""
) -> Response:
    """Rename it, or put it with all within it elsewhere."""
    return carried_out(
        f"/admin/areas/{area_id}",
        lambda: admin_units.change_area(
            house.ledger, hand, area_id, AreaFacts(name, number(parent))
        ),
        Words("已保存。", "Saved."),
    )


@router.post("/areas/{area_id}/remove")
def remove(house: InHouse, hand: ByHand, area_id: int) -> Response:
    """Delete it, if nothing refers to it."""
    response = RedirectResponse("/admin/areas", 303)
    try:
        admin_units.remove_area(house.ledger, hand, area_id)
    except Trouble as trouble:
        response = RedirectResponse(f"/admin/areas/{area_id}", 303)
        flash(response, trouble.words, "refused")
        return response
    flash(response, Words("辖区已删除。", "The area has been removed."))
    return response
