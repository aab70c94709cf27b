"""我的通知: how somebody wants to be reached, what they were sent, and their weekly summaries."""

from collections.abc import Callable
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from ledger import noticebook, preferences, subscriptions
from ledger.admin import Hand
from ledger.preferences import Preferences
from ledger.scope import Missing
from models.words import Trouble, Words
from portal.channels import called
from portal.house import At, House, InHouse
from portal.pages.notices import shown
from portal.seeing import Seer
from portal.templating import flash, render
from rules.permission import Viewer
from rules.subscription import WEEKDAYS

router = APIRouter()

HERE = "/account/notices"
Text = Annotated[str, Form()]


def _holder(viewer: Seer) -> Viewer:
    """Whoever has an account; one who came by a link has nothing to choose."""
    if viewer.account_id is None:
        raise Missing("没有这个页面。", "There is no such page.")
    return viewer


Holder = Annotated[Viewer, Depends(_holder)]


def _hand(viewer: Holder, at: At) -> Hand:
    return Hand(viewer.account_id, viewer.actor, at)


Own = Annotated[Hand, Depends(_hand)]


@router.get(HERE)
def mine(
    request: Request,
    house: InHouse,
    viewer: Holder,
    at: At,
    after: Annotated[str, Query()] = "",
) -> Response:
    """What one has chosen, and what one was sent, the newest first."""
    reference, start = house.reference(), int(after) if after.isdecimal() else 0
    chosen = preferences.of(house.ledger, viewer, reference)
    leaf = noticebook.own(house.ledger, viewer.person_id, reference, at, start)
    onward = f"{HERE}?after={leaf.after}#sent" if leaf.after else None
    return render(
        request, "notices/mine.html", chosen=chosen, leaf=leaf,
        channels=[(row, called(row.shown)) for row in chosen.channels],
        on=sum(row.active for row in chosen.channels),
        free=_free(chosen), weekdays=list(enumerate(WEEKDAYS)), days=WEEKDAYS,
        rows=[shown(line, reference.zone) for line in leaf.lines],
        page={"next_url": onward, "first_url": HERE if start else None},
    )  # fmt: skip


def _free(chosen: Preferences) -> list[tuple[int, str]]:
    """The units whose summary is still to be asked for."""
    had = {each.unit_id for each in chosen.subscriptions}
    return [(unit, name) for unit, name in chosen.units.items() if unit not in had][:MOST_OFFERED]


MOST_OFFERED = 500
"""Units in the list of one field, lest the page grow heavy."""


@router.post(HERE)
def choose(house: InHouse, viewer: Holder, hand: Own, lang: Text = "zh", at: Text = "") -> Response:
    """The language of one's notices, and the time of what is told together."""
    return _done(
        lambda: preferences.choose(house.ledger, hand, viewer, lang, clock(at) if at else None)
    )


@router.post(f"{HERE}/channels/{{channel_id}}")
def change(house: InHouse, viewer: Holder, hand: Own, channel_id: int, do: Text = "") -> Response:
    """Switch a channel on or off, or have it tried earlier."""
    return _done(lambda: _CHANGES[do](house, hand, viewer, channel_id)) if do in _CHANGES else _no()


_CHANGES: dict[str, Callable[[House, Hand, Viewer, int], None]] = {
    "on": lambda house, hand, viewer, which: preferences.switch(
        house.ledger, hand, viewer, which, on=True
    ),
    "off": lambda house, hand, viewer, which: preferences.switch(
        house.ledger, hand, viewer, which, on=False
    ),
    "up": lambda house, hand, viewer, which: preferences.move_up(house.ledger, hand, viewer, which),
}


@router.post(f"{HERE}/summaries")
def subscribe(
    house: InHouse,
    viewer: Holder,
    hand: Own,
    unit: Text = "",
    weekday: Text = "",
    at: Text = "",
) -> Response:
    """Ask for a unit's weekly summary, or for another day and time."""

    def do() -> None:
        which = _number(unit, Words("请选择单位。", "Choose a unit."))
        day = _number(weekday, Words("请选择星期几。", "Choose a day of the week."))
        subscriptions.subscribe(house.ledger, hand, viewer, which, day, clock(at))

    return _done(do)


@router.post(f"{HERE}/summaries/{{subscription_id}}")
def switch(
    house: InHouse, viewer: Holder, hand: Own, subscription_id: int, do: Text = ""
) -> Response:
    """Pause a weekly summary, or take it up again."""
    if do not in ("on", "off"):
        return _no()
    return _done(
        lambda: subscriptions.switch(house.ledger, hand, viewer, subscription_id, on=do == "on")
    )


def clock(text: str) -> time:
    """The time of day a field sends. Raises Trouble."""
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise Trouble(
            f"时刻“{text[:20]}”读不出，应写作 08:30。",
            f"The time {text[:20]!r} cannot be read; write 08:30.",
        ) from None
    return time(found.hour, found.minute)


def _number(text: str, missing: Words) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Trouble(*missing)
    return int(text)


def _no() -> Response:
    raise Missing("没有这个选项。", "There is no such choice.")


def _done(do: Callable[[], Any]) -> Response:
    """Do it, come back, and say that it is kept, or why not."""
    response = RedirectResponse(HERE, 303)
    try:
        do()
        flash(response, Words("已保存。", "Saved."))
    except Missing:
        raise
    except Trouble as trouble:
        flash(response, trouble.words, "refused")
    return response
