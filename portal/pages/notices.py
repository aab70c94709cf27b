"""通知: every notice with all that is known of it, for supervisors; and sending one again."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from duban.letters.told import paragraph, to_whom, waiting
from ledger import incoming_queue, noticebook
from ledger.noticebook import Sought
from ledger.resending import resend
from ledger.whereabouts import Whereabouts
from models.delivery import DeliveryOutcome
from models.notice import NoticeKind, NoticeState
from models.words import Words
from portal.channels import called, kinds
from portal.house import At, InHouse
from portal.narrowing import Given, Narrowed, choices
from portal.templating import flash, render
from portal.watching import Supervisor

router = APIRouter()

FILTERS = ("state", "kind", "person", "unit", "channel", "case", "since", "until")
TABS = (
    ("", Words("全部", "All")),
    (NoticeState.OWED.value, Words("待发", "Owed")),
    (NoticeState.DEAD.value, Words("未送达", "Not delivered")),
    (NoticeState.CAPPED.value, Words("超上限未发", "Held back")),
)
TONES = {
    NoticeState.SENT: "green",
    NoticeState.DEAD: "red",
    NoticeState.CAPPED: "amber",
    NoticeState.OWED: "blue",
    NoticeState.SENDING: "blue",
}
_TRIED = {
    DeliveryOutcome.SENT: "green",
    DeliveryOutcome.PERMANENT: "red",
    DeliveryOutcome.MISCONFIGURED: "red",
}


@router.get("/notices")
def listed(
    request: Request, house: InHouse, viewer: Supervisor, at: At, given: Narrowed
) -> Response:
    """One page of notices, newest first."""
    sought, reference = sought_in(given), house.reference()
    after = given.number("after") or 0
    leaf = noticebook.page(house.ledger, viewer, reference, sought, at, after)
    return render(
        request, "notices/list.html", given=given, leaf=leaf, tabs=_tabs(given),
        rows=[shown(line, reference.zone) for line in leaf.lines],
        page=given.pager("/notices", str(leaf.after or "")), choices=choices(house, viewer),
        states=list(NoticeState), kinds=list(NoticeKind), channels=kinds(),
        active=given.active(*FILTERS),
    )  # fmt: skip


def sought_in(given: Given) -> Sought:
    """What the address asks for."""
    state, kind, channel = (given.text(name) for name in ("state", "kind", "channel"))
    return Sought(
        state=next((each for each in NoticeState if each.value == state), None),
        kind=next((each for each in NoticeKind if each.value == kind), None),
        person=given.text("person"),
        unit=given.unit(),
        channel=channel if channel in dict(kinds()) else "",
        case=given.text("case")[:32],
        since=given.day("since"),
        until=given.day_after("until"),
    )


def _tabs(given: Given) -> list[dict[str, Any]]:
    return [
        {"url": given.address("/notices", state=state), "label": label,
         "active": given.text("state") == state}
        for state, label in TABS
    ]  # fmt: skip


def shown(line: Whereabouts, zone: ZoneInfo) -> dict[str, Any]:
    """One notice for a page."""
    last = line.tries[-1] if line.tries else None
    return {
        "line": line,
        "tone": TONES.get(line.state, "grey"),
        "whom": to_whom(line),
        "channel": called(line.channel) if line.channel else None,
        "trouble": line.answer if last and last.outcome is not DeliveryOutcome.SENT else "",
        "waits": waiting(line, zone) if line.state is NoticeState.OWED else line.waits_for,
        "story": paragraph(line, zone),
        "tries": [
            {"each": each, "tone": _TRIED.get(each.outcome, "amber"),
             "channel": called(each.channel) if each.channel else None}
            for each in line.tries
        ],
    }  # fmt: skip


@router.get("/notices/{notice_id}")
def one(request: Request, house: InHouse, viewer: Supervisor, at: At, notice_id: int) -> Response:
    """The whole story of one notice."""
    reference = house.reference()
    line = noticebook.one(house.ledger, viewer, reference, notice_id, at)
    mails = incoming_queue.of_notice(house.ledger, notice_id)
    return render(request, "notices/one.html", row=shown(line, reference.zone), mails=mails)


@router.post("/notices/{notice_id}/again")
def again(house: InHouse, viewer: Supervisor, at: At, notice_id: int) -> Response:
    """Send a notice again that was given up or held back."""
    line = noticebook.one(house.ledger, viewer, house.reference(), notice_id, at)
    response = RedirectResponse(f"/notices/{notice_id}", 303)
    refused = _resend(house, line, at, viewer.actor)
    flash(response, refused or _AGAIN, "refused" if refused else "done")
    return response


def _resend(house: InHouse, line: Whereabouts, at: datetime, by: str) -> Words | None:
    [answer] = resend(house.ledger, [line.key], at, by)
    return answer.reason


_AGAIN = Words(
    "已重新待发，下一轮投递时从第一个渠道发起。",
    "Owed again: the next round sends it, beginning with the first channel.",
)
