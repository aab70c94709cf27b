"""渠道: how a person is reached. Addresses are shown masked only, and tested for real."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import Response

from ledger import admin_channels
from ledger.admin import Hand
from models.delivery import DeliveryOutcome
from models.words import Trouble, Words
from notices.channels import check, mask, send
from notices.channels.answers import Answer
from notices.message import Message
from portal.house import House, InHouse
from portal.pages.admin.people import show
from portal.pages.admin.shared import ByHand, carried_out, page
from portal.templating import say

router = APIRouter()

Text = Annotated[str, Form()]

# A robot that is asked too often is silenced by its house, and then real notices are lost.
_TRIES = parse("6 per minute")
_tries = MovingWindowRateLimiter(MemoryStorage())


@router.post("/people/{person_id}/channels")
def add(house: InHouse, hand: ByHand, person_id: int, url: Text = "") -> Response:
    """One more way to reach them."""

    def do() -> None:
        check(url.strip())
        admin_channels.add(house.ledger, hand, person_id, url.strip(), mask)

    done = Words("渠道已新增，请发一条测试消息。", "Added. Send a test message now.")
    return carried_out(f"/admin/people/{person_id}", do, done)


@router.post("/people/{person_id}/channels/{channel_id}")
def change(
    house: InHouse, hand: ByHand, person_id: int, channel_id: int, url: Text = ""
) -> Response:
    """Another address in its place."""

    def do() -> None:
        check(url.strip())
        admin_channels.change(house.ledger, hand, person_id, channel_id, url.strip(), mask)

    done = Words("渠道已更换，请发一条测试消息。", "Replaced. Send a test message now.")
    return carried_out(f"/admin/people/{person_id}", do, done)


@router.post("/people/{person_id}/channels/{channel_id}/remove")
def remove(house: InHouse, hand: ByHand, person_id: int, channel_id: int) -> Response:
    """One way less."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.remove(house.ledger, hand, person_id, channel_id, mask),
        Words("渠道已删除。", "Removed."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/first")
def put_first(house: InHouse, hand: ByHand, person_id: int, channel_id: int) -> Response:
    """Tried first from now on."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.put_first(house.ledger, hand, person_id, channel_id, mask),
        Words("通知先走这个渠道。", "Notices try this one first."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/test")
def test(
    request: Request, house: InHouse, hand: ByHand, person_id: int, channel_id: int
) -> Response:
    """Send a real message, and show what the channel truly answered."""
    url = admin_channels.url_of(house.ledger, person_id, channel_id)
    if not _tries.hit(_TRIES, "channel-test", str(hand.account_id)):
        raise Trouble(
            "测试太频繁，机器人可能因此被禁言。请过一分钟再试。",
            "Too many tests: the robot might be silenced for it. Try again in a minute.",
        )
    answer = _send(request, house, hand, url)
    admin_channels.note_test(house.ledger, hand, person_id, mask(url), answer.outcome.value)
    shown = {"channel": channel_id, "said": answer, "kind": _KINDS[answer.outcome]}
    if request.headers.get("hx-request") == "true":
        return page(request, "channel_answer.html", answer=shown)
    return show(request, house, person_id, answer=shown)


_KINDS = {
    DeliveryOutcome.SENT: "good",
    DeliveryOutcome.TEMPORARY: "warn",
    DeliveryOutcome.PERMANENT: "bad",
    DeliveryOutcome.UNKNOWN: "warn",
}


def _send(request: Request, house: House, hand: Hand, url: str) -> Answer:
    city = house.reference().city
    subject = say(request, "%(city)s督办：测试消息", city=city)
    body = say(
        request,
        "这是一条测试消息，由管理员 %(name)s 在督办系统中发出，用来确认渠道可用。不需要办理。",
        name=hand.actor,
    )
    folder: Path = house.settings.home / "messages"
    message = Message(subject, body, hand.at.astimezone(house.zone))
    return send(url, message, folder=folder)
