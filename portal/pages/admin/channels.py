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
from notices.channels import mask, send
from notices.channels.answers import Answer
from notices.message import Message
from portal.house import House, InHouse
from portal.pages.admin.people import show
from portal.pages.admin.shared import ByHand, carried_out, page
from portal.templating import say
from tasks.keys import vault
from tasks.ways import way_of

router = APIRouter()

Text = Annotated[str, Form()]

# A robot that is asked too often is silenced by its house, and then real notices are lost.
_TRIES = parse("6 per minute")
_tries = MovingWindowRateLimiter(MemoryStorage())


@router.post("/people/{person_id}/channels")
def add(house: InHouse, hand: ByHand, person_id: int, url: Text = "") -> Response:
    """One more way to reach them."""

    def do() -> None:
        way = way_of(url.strip(), vault(house.settings.home))
        admin_channels.add(house.ledger, hand, person_id, way)

    done = Words("渠道已新增，请发一条测试消息。", "Added. Send a test message now.")
    return carried_out(f"/admin/people/{person_id}", do, done)


@router.post("/people/{person_id}/channels/{channel_id}")
def change(
    house: InHouse, hand: ByHand, person_id: int, channel_id: int, url: Text = ""
) -> Response:
    """Another address in its place."""

    def do() -> None:
        way = way_of(url.strip(), vault(house.settings.home))
        admin_channels.change(house.ledger, hand, person_id, channel_id, way)

    done = Words("渠道已更换，请发一条测试消息。", "Replaced. Send a test message now.")
    return carried_out(f"/admin/people/{person_id}", do, done)


@router.post("/people/{person_id}/channels/{channel_id}/remove")
def remove(house: InHouse, hand: ByHand, person_id: int, channel_id: int) -> Response:
    """One way less."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.remove(house.ledger, hand, person_id, channel_id),
        Words("渠道已删除。", "Removed."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/first")
def put_first(house: InHouse, hand: ByHand, person_id: int, channel_id: int) -> Response:
    """Tried first from now on."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.put_first(house.ledger, hand, person_id, channel_id),
        Words("通知先走这个渠道。", "Notices try this one first."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/switch")
def switch(
    house: InHouse, hand: ByHand, person_id: int, channel_id: int, on: Text = ""
) -> Response:
    """Used from now on, or left out."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.switch(house.ledger, hand, person_id, channel_id, on=bool(on)),
        Words("渠道已启用。", "Switched on.") if on else Words("渠道已停用。", "Switched off."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/delay")
def delay(
    house: InHouse, hand: ByHand, person_id: int, channel_id: int, minutes: Text = ""
) -> Response:
    """Tried no sooner than so many minutes after the first attempt."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_channels.set_delay(house.ledger, hand, person_id, channel_id, whole(minutes)),
        Words("延迟已设定。", "The delay is set."),
    )


@router.post("/people/{person_id}/channels/{channel_id}/rate")
def rate(
    house: InHouse, hand: ByHand, person_id: int, channel_id: int, per_minute: Text = ""
) -> Response:
    """So many messages a minute, for everybody who is reached through the same account."""

    def do() -> None:
        safe = vault(house.settings.home)
        url = safe.open(admin_channels.url_of(house.ledger, person_id, channel_id))
        way = way_of(with_rate(url, whole(per_minute)), safe)
        admin_channels.set_rate(house.ledger, hand, person_id, channel_id, way)

    return carried_out(
        f"/admin/people/{person_id}", do, Words("每分钟条数已设定。", "The rate is set.")
    )


def whole(text: str) -> int:
    """The number a field sends; 0 for an empty one. Raises Trouble."""
    if not text.strip():
        return 0
    if text.strip().isdecimal() and len(text.strip()) < 6:
        return int(text)
    raise Trouble(
        f"“{text[:20]}”不是整数，请填 0 或以上的整数。",
        f"{text[:20]!r} is no whole number from 0 on.",
    )


def with_rate(url: str, per_minute: int) -> str:
    """An address that says how many messages a minute it takes; 0: as its service is known to."""
    front, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("rate=")]
    said = [*kept, *([f"rate={per_minute}"] if per_minute else [])]
    return f"{front}?{'&'.join(said)}" if said else front


@router.post("/people/{person_id}/channels/{channel_id}/test")
def test(
    request: Request, house: InHouse, hand: ByHand, person_id: int, channel_id: int
) -> Response:
    """Send a real message, and show what the channel truly answered."""
    url = vault(house.settings.home).open(
        admin_channels.url_of(house.ledger, person_id, channel_id)
    )
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
    DeliveryOutcome.TOO_FAST: "warn",
    DeliveryOutcome.PERMANENT: "bad",
    DeliveryOutcome.MISCONFIGURED: "bad",
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
