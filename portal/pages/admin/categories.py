"""类别: how long each may take, and by which words it is recognised."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_rules
from ledger.admin import Hand
from ledger.admin_rules import CategoryFacts
from models.category import CategoryKind
from models.words import Trouble, Words
from portal.house import House, InHouse
from portal.pages.admin.shared import MOST_SHOWN, ByHand, page, pages
from portal.templating import flash

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/categories")
def listed(
    request: Request, house: InHouse, q: str = "", kind: str = "", after: str = ""
) -> Response:
    """The catalogue, by code, name or keyword."""
    chosen = CategoryKind[kind.upper()] if kind in list(CategoryKind) else None
    rows, following = admin_rules.categories(house.ledger, text=q.strip(), kind=chosen, after=after)
    return page(
        request, "categories.html", rows=rows, q=q, kind=kind, kinds=list(CategoryKind),
        page=pages("/admin/categories", {"q": q, "kind": kind}, after, following),
    )  # fmt: skip


@router.get("/categories/{code}")
def one(request: Request, house: InHouse, code: str) -> Response:
    """One category."""
    row = admin_rules.category(house.ledger, code)
    facts = CategoryFacts(row.limit, row.keywords, row.filing, row.closing)
    return _show(request, house, code, facts)


def _show(
    request: Request,
    house: House,
    code: str,
    facts: CategoryFacts,
    refused: Words | None = None,
    touched: object = None,
) -> Response:
    return page(
        request, "category.html", 422 if refused else 200, refused=refused, facts=facts,
        row=admin_rules.category(house.ledger, code), touched=touched, most=MOST_SHOWN,
    )  # fmt: skip


@router.post("/categories/{code}")
def change(
    request: Request,
    house: InHouse,
    hand: ByHand,
    code: str,
    limit: Text = "",
    keywords: Text = "",
    filing: Text = "",
    closing: Text = "",
    sure: Text = "",
) -> Response:
    """Change it. A new limit is first shown with what it does to the cases."""
    facts = CategoryFacts(limit, keywords, filing, closing)
    try:
        if not sure and (touched := _rehearse(house, hand, code, facts)):
            return _show(request, house, code, facts, touched=touched)
        done = admin_rules.change_category(house.ledger, hand, code, facts)
    except Trouble as trouble:
        return _show(request, house, code, facts, trouble.words)
    response = RedirectResponse(f"/admin/categories/{code}", 303)
    flash(
        response,
        Words(
            f"已保存，重算了 {len(done)} 件在办案件。",
            f"Saved; {len(done)} open cases were recomputed.",
        ),
    )
    return response


def _rehearse(house: House, hand: Hand, code: str, facts: CategoryFacts) -> object:
    return admin_rules.change_category(house.ledger, hand, code, facts, dry_run=True)
