"""待我核查: the cases an inspector may see to on site, and those to look at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger.reference import Reference
from ledger.to_verify import ToVerify, look_backs, to_verify
from models.words import Words
from portal.house import At, InHouse
from portal.pages.inspecting import Inspector, position
from portal.templating import render
from rules.countdown import Countdown, left, step

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Card:
    """One case of the list, with the clock of what is asked for and how far it is."""

    found: ToVerify
    count: Countdown
    away: Words | None


@router.get("/verify")
def verify_page(
    request: Request,
    house: InHouse,
    at: At,
    seer: Inspector,
    lat: str = "",
    lon: str = "",
    after: str = "",
) -> Response:
    """What waits on site: the nearest first where the phone has said where it is."""
    here, reference = position(lat, lon), house.reference()
    page = to_verify(house.ledger, seer, here, after)
    again = look_backs(house.ledger, seer, here) if not after else []
    near = urlencode({"lat": lat, "lon": lon}) if here else ""
    pager = {
        "next_url": f"/verify?{_joined(near, urlencode({'after': page.after}))}"
        if page.after
        else None,
        "first_url": f"/verify?{near}" if after else None,
    }
    return render(
        request, "inspecting/verify.html", here=here, pager=pager,
        cards=[_to_verify(found, reference, at) for found in page.found],
        again=_looking_back(again, reference, at),
    )  # fmt: skip


def _joined(*parts: str) -> str:
    return "&".join(part for part in parts if part)


def _to_verify(found: ToVerify, reference: Reference, at: datetime) -> Card:
    book = reference.books[found.line.policy_id]
    return Card(found, step(found.line, book, at), _away(found.metres))


def _looking_back(found: Sequence[ToVerify], reference: Reference, at: datetime) -> list[Card]:
    cards = []
    for one in found:
        line = one.line
        if line.look_back_due_at is not None:
            since = line.closed_at or line.since
            book = reference.books[line.policy_id]
            count = left(since, line.look_back_due_at, book, at)
            cards.append(Card(one, count, _away(one.metres)))
    return cards


def _away(metres: float | None) -> Words | None:
    if metres is None:
        return None
    if metres < 1000:
        return Words(f"{metres:.0f} 米", f"{metres:.0f} m")
    return Words(f"{metres / 1000:.1f} 公里", f"{metres / 1000:.1f} km")
