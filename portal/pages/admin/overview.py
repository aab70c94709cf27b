"""总览: how much there is, and what is missing."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger.admin_hooks import failing
from ledger.admin_overview import overview
from portal.house import At, InHouse
from portal.pages.admin.shared import page

router = APIRouter()

SHOWN = 30
"""Names listed in one line of what is missing; the rest is counted."""


@router.get("")
def summary(request: Request, house: InHouse, at: At) -> Response:
    """Counts and holes."""
    found = overview(house.ledger, house.reference(), at)
    hooks = failing(house.ledger)
    return page(request, "overview.html", found=found, shown=SHOWN, failing=hooks)
