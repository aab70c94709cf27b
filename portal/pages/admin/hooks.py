"""外发接口: other systems that are told what happens to cases, and what they answered."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import Response

from ledger import admin_hooks
from models.hook import HookState
from models.verb import Verb
from models.words import Trouble, Words
from notices.hooks import check, new_secret, shown
from portal.house import House, InHouse
from portal.pages.admin.shared import ByHand, area_choices, carried_out, number, page, pages
from rules.hooks import Verdict, verdict
from tasks import calling
from tasks.keys import vault

router = APIRouter()

Text = Annotated[str, Form()]

_TRIES = parse("10 per minute")
_tries = MovingWindowRateLimiter(MemoryStorage())


@router.get("/hooks")
def listed(request: Request, house: InHouse) -> Response:
    """Every hook, and the form of a new one."""
    return _list(request, house, {})


def _list(
    request: Request, house: House, values: dict[str, object], refused: Words | None = None
) -> Response:
    return page(
        request, "hooks.html", 422 if refused else 200, values=values, refused=refused,
        hooks=admin_hooks.listed(house.ledger), verbs=list(Verb), areas=area_choices(house),
        private=house.settings.hooks_private,
    )  # fmt: skip


@router.post("/hooks")
def add(
    request: Request,
    house: InHouse,
    hand: ByHand,
    name: Text = "",
    url: Text = "",
    verb: Annotated[list[str] | None, Form()] = None,
    area: Text = "",
) -> Response:
    """Make a hook, and show its secret."""
    try:
        check(url, private=house.settings.hooks_private)
        secret, safe = new_secret(), vault(house.settings.home)
        made = admin_hooks.add(
            house.ledger, hand, name, safe.seal(url.strip()), shown(url), safe.seal(secret),
            verb or [], number(area),
        )  # fmt: skip
    except Trouble as trouble:
        # What was typed as an address may hold a key, and is not shown again.
        typed: dict[str, object] = {"name": name, "verb": verb or [], "area": area}
        return _list(request, house, typed, trouble.words)
    return page(request, "hook_secret.html", secret=secret, name=name, back=f"/admin/hooks/{made}")


@router.get("/hooks/{hook_id}")
def one(
    request: Request, house: InHouse, hook_id: int, state: str = "", after: int = 0
) -> Response:
    """One hook and its delivery log."""
    return _show(request, house, hook_id, state, after)


def _show(
    request: Request,
    house: House,
    hook_id: int,
    state: str = "",
    after: int = 0,
    answer: dict[str, object] | None = None,
) -> Response:
    hook = admin_hooks.hook(house.ledger, hook_id)
    lines, following = admin_hooks.deliveries(house.ledger, hook_id, state=state, after=after)
    return page(
        request, "hook.html", hook=hook, lines=lines, state=state, states=list(HookState),
        answer=answer, page=pages(f"/admin/hooks/{hook_id}", {"state": state}, after, following),
    )  # fmt: skip


@router.post("/hooks/{hook_id}/test")
def test(request: Request, house: InHouse, hand: ByHand, hook_id: int) -> Response:
    """Send a real event, and show what was truly answered."""
    hook = admin_hooks.listener(house.ledger, hook_id)
    if not _tries.hit(_TRIES, "hook-test", str(hand.account_id)):
        raise Trouble(
            "测试太频繁，请过一分钟再试。", "Too many tests. Try again in a minute."
        )  # fmt: skip
    safe, private = vault(house.settings.home), house.settings.hooks_private
    name = f"test_{hook_id}_{int(hand.at.timestamp())}"
    told = calling.try_out(safe.open(hook.url), safe.open(hook.secret), name, private=private)
    admin_hooks.note_test(house.ledger, hand, hook_id, told.answer)
    taken = verdict(told.status) is Verdict.TAKEN
    return _show(request, house, hook_id, answer={"said": told, "taken": taken})


@router.post("/hooks/{hook_id}/on")
def switch_on(house: InHouse, hand: ByHand, hook_id: int, skip: Text = "") -> Response:
    """Tell it again."""
    return carried_out(
        f"/admin/hooks/{hook_id}",
        lambda: admin_hooks.switch_on(house.ledger, hand, hook_id, skip=bool(skip)),
        Words("已启用，下一轮开始发送。", "On: it is called from the next round."),
    )


@router.post("/hooks/{hook_id}/off")
def switch_off(house: InHouse, hand: ByHand, hook_id: int) -> Response:
    """Tell it nothing more."""
    return carried_out(
        f"/admin/hooks/{hook_id}",
        lambda: admin_hooks.switch_off(house.ledger, hand, hook_id),
        Words("已停用。", "Off: it is called no more."),
    )


@router.post("/hooks/{hook_id}/again")
def all_again(house: InHouse, hand: ByHand, hook_id: int) -> Response:
    """Owe once more whatever was given up."""
    return carried_out(
        f"/admin/hooks/{hook_id}",
        lambda: admin_hooks.send_again(house.ledger, hand, hook_id),
        Words("未送达的将在下一轮重发。", "What was given up goes again in the next round."),
    )


@router.post("/hooks/{hook_id}/calls/{call_id}/again")
def again(house: InHouse, hand: ByHand, hook_id: int, call_id: int) -> Response:
    """Owe one call once more."""
    return carried_out(
        f"/admin/hooks/{hook_id}",
        lambda: admin_hooks.send_again(house.ledger, hand, hook_id, call_id),
        Words("将在下一轮重发。", "It goes again in the next round."),
    )


@router.post("/hooks/{hook_id}/remove")
def remove(house: InHouse, hand: ByHand, hook_id: int) -> Response:
    """Forget it."""
    return carried_out(
        "/admin/hooks",
        lambda: admin_hooks.remove(house.ledger, hand, hook_id),
        Words("外发接口已删除。", "Removed."),
    )
