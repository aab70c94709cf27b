"""单位: the tree, and one unit with its names, its people and its place in the tree."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_units
from ledger.admin_units import UnitFacts, UnitLine
from models.unit import UnitKind
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import (
    ByHand,
    area_choices,
    carried_out,
    joined,
    number,
    page,
    pages,
    some,
    unit_meant,
    unit_names,
    went_through,
)
from portal.templating import flash

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/units")
def tree(request: Request, house: InHouse, q: str = "", after: int = 0) -> Response:
    """Every unit below its parent, or those of a name."""
    lines = admin_units.units(house.ledger)
    found = [line for line in lines if _fits(line, q.strip())]
    shown, following = some(found, after)
    return page(
        request, "units.html", lines=shown, q=q, total=len(found),
        page=pages("/admin/units", {"q": q}, after, following),
    )  # fmt: skip


def _fits(line: UnitLine, text: str) -> bool:
    return any(text in name for name in (line.name, line.code, *line.aliases))


@router.get("/units/new")
def blank(request: Request, house: InHouse) -> Response:
    """The form of a new unit."""
    return _form(request, house, {})


def _form(
    request: Request,
    house: House,
    values: dict[str, object],
    refused: Words | None = None,
) -> Response:
    return page(
        request, "unit_new.html", 422 if refused else 200, values=values, refused=refused,
        kinds=list(UnitKind), areas=area_choices(house), units=unit_names(house),
    )  # fmt: skip


@router.post("/units")
def add(
    request: Request,
    house: InHouse,
    hand: ByHand,
    at: At,
    code: Text = "",
    name: Text = "",
    kind: Text = "",
    parent: Text = "",
    area: Text = "",
) -> Response:
    """Add a unit."""
    typed: dict[str, object] = {
        "code": code, "name": name, "kind": kind, "parent": parent, "area": area,
    }  # fmt: skip
    try:
        facts = _facts(house, name, kind, parent, area)
        made = admin_units.add_unit(house.ledger, hand, code, facts)
    except Trouble as trouble:
        return _form(request, house, typed, trouble.words)
    response = RedirectResponse(f"/admin/units/{made}", 303)
    said = Words(
        "单位已新增。接着给它添人员职责，并确认路由。", "Added. Give it people and routes next."
    )
    flash(response, joined(said, went_through(house, at)))
    return response


def _facts(house: House, name: str, kind: str, parent: str, area: str) -> UnitFacts:
    if kind not in list(UnitKind):
        raise Trouble("请选择单位类型。", "Choose what kind of unit it is.")
    return UnitFacts(
        name, UnitKind[kind.upper()], unit_meant(house.reference(), parent), number(area)
    )


@router.get("/units/{unit_id}")
def one(request: Request, house: InHouse, unit_id: int) -> Response:
    """One unit."""
    lines = admin_units.units(house.ledger)
    line = admin_units.find(lines, unit_id, admin_units.UNIT)
    parent = next((above.name for above in lines if above.id == line.parent_id), "")
    below = [other for other in lines if other.parent_id == unit_id]
    return page(
        request, "unit.html", line=line, parent=parent, below=below, kinds=list(UnitKind),
        areas=area_choices(house), units=unit_names(house),
    )  # fmt: skip


@router.post("/units/{unit_id}")
def change(
    house: InHouse,
    hand: ByHand,
    at: At,
    unit_id: int,
    name: Text = "",
    kind: Text = "",
    parent: Text = "",
    area: Text = "",
) -> Response:
    """Rename it, or put it elsewhere."""
    return carried_out(
        f"/admin/units/{unit_id}",
        lambda: admin_units.change_unit(
            house.ledger, hand, unit_id, _facts(house, name, kind, parent, area)
        ),
        _SAVED,
    )


_SAVED = Words("已保存。", "Saved.")


@router.post("/units/{unit_id}/aliases")
def add_alias(house: InHouse, hand: ByHand, at: At, unit_id: int, name: Text = "") -> Response:
    """Another name for it."""

    def do() -> None:
        admin_units.add_alias(house.ledger, hand, unit_id, name)
        went_through(house, at)

    done = Words("别名已新增，台账上写这个名字也认得了。", "Added: paper may call it so, too.")
    return carried_out(f"/admin/units/{unit_id}", do, done)


@router.post("/units/{unit_id}/aliases/remove")
def remove_alias(house: InHouse, hand: ByHand, unit_id: int, name: Text = "") -> Response:
    """Another name less."""
    return carried_out(
        f"/admin/units/{unit_id}",
        lambda: admin_units.remove_alias(house.ledger, hand, unit_id, name),
        Words("别名已删除。", "Removed."),
    )


@router.post("/units/{unit_id}/remove")
def remove(house: InHouse, hand: ByHand, unit_id: int) -> Response:
    """Delete it, if nothing refers to it."""
    try:
        admin_units.remove_unit(house.ledger, hand, unit_id)
    except Trouble as trouble:
        response = RedirectResponse(f"/admin/units/{unit_id}", 303)
        flash(response, trouble.words, "refused")
        return response
    response = RedirectResponse("/admin/units", 303)
    flash(response, Words("单位已删除。", "The unit has been removed."))
    return response
