"""What the pages of administrators share: who acts, the tabs, doing and saying what was done."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_units
from ledger.admin import Hand
from ledger.people import named
from ledger.reference import Reference
from ledger.scope import Missing
from ledger.sweeps import reconsider
from models.account import AccountRole
from models.instants import plain
from models.words import Trouble, Words
from portal.house import At, House
from portal.seeing import having
from portal.templating import flash, render
from rules.permission import Viewer

administrator = having(AccountRole.ADMINISTRATOR)
Administrator = Annotated[Viewer, Depends(administrator)]

MOST_SHOWN = 200
"""Cases listed before a change is put in force; the rest is counted."""

SECTIONS = (
    ("/admin", Words("总览", "Overview")),
    ("/admin/units", Words("单位", "Units")),
    ("/admin/areas", Words("辖区", "Areas")),
    ("/admin/people", Words("人员", "People")),
    ("/admin/absences", Words("不在岗", "Absences")),
    ("/admin/rotas", Words("值班表", "Rotas")),
    ("/admin/accounts", Words("账号", "Accounts")),
    ("/admin/categories", Words("类别", "Categories")),
    ("/admin/routes", Words("路由", "Routes")),
    ("/admin/calendar", Words("日历", "Calendar")),
    ("/admin/policies", Words("督办办法", "Policies")),
    ("/admin/tokens", Words("令牌", "Tokens")),
    ("/admin/links", Words("专用链接", "Links")),
    ("/admin/hooks", Words("外发接口", "Hooks")),
    ("/admin/acts", Words("管理日志", "Acts")),
)


def _hand(viewer: Administrator, at: At) -> Hand:
    return Hand(viewer.account_id, viewer.actor, at)


ByHand = Annotated[Hand, Depends(_hand)]


def page(request: Request, template: str, status: int = 200, /, **context: Any) -> Response:
    """A page of administrators, with the tabs of all of them."""
    path = request.url.path
    tabs = [
        {"url": url, "label": label, "active": path == url or _within(path, url)}
        for url, label in SECTIONS
    ]
    context.setdefault("refused", None)
    return render(request, f"admin/{template}", status, sections=tabs, **context)


def _within(path: str, url: str) -> bool:
    return url != "/admin" and path.startswith(f"{url}/")


# -- doing -------------------------------------------------------------------------------------

T = TypeVar("T")


def carried_out(where: str, do: Callable[[], object], done: Words) -> Response:
    """Do it, go there, and say that it is done, or why not."""
    response = RedirectResponse(where, 303)
    try:
        do()
        flash(response, done)
    except Missing:
        raise
    except Trouble as trouble:
        flash(response, trouble.words, "refused")
    return response


def went_through(house: House, at: datetime) -> Words:
    """What a change of units or routes has done to the cases that waited for one."""
    count = reconsider(house.ledger, at)["dispatched"]
    if not count:
        return Words("", "")
    return Words(
        f"待定责案件中有 {count} 件现已交办。", f" {count} undecided cases could be dispatched now."
    )


def joined(*said: Words) -> Words:
    """Sentences in one."""
    return Words("".join(one.zh for one in said), "".join(one.en for one in said))


# -- reading what was typed --------------------------------------------------------------------


def unit_meant(reference: Reference, text: str) -> int | None:
    """The unit a field names, by name or other name; None for an empty field. Raises Trouble."""
    if not text.strip():
        return None
    found = reference.unit(text)
    if found is None:
        raise Trouble(
            f"没有叫“{text[:60]}”的单位。请从列表中选，或先到“单位”里新增。",
            f"There is no unit called {text[:60]!r}. Choose one of the list, or add it first.",
        )
    return found


def unit_required(reference: Reference, text: str) -> int:
    """The same for a field that must not be empty. Raises Trouble."""
    found = unit_meant(reference, text)
    if found is None:
        raise Trouble("请填写单位。", "Name a unit.")
    return found


def units_meant(reference: Reference, text: str) -> list[int]:
    """The units a field names, separated by 、 or commas or lines. Raises Trouble."""
    parts = text.replace("，", "、").replace(",", "、").replace("\n", "、").split("、")
    return [unit_required(reference, part) for part in parts if part.strip()]


def person_meant(reference: Reference, text: str) -> int:
    """The person a field names: a name, a code, or both as the list has them. Raises Trouble."""
    text = text.strip()
    if not text:
        raise Trouble("请填写人员。", "Name a person.")
    code = text.rpartition("（")[2].rstrip("）").strip()
    return reference.directory.codes.get(code) or named(reference.directory, text)


def number(text: str) -> int | None:
    """The id a select sends; None for its empty option. Raises Trouble."""
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise Trouble("所选的项无效，请重新选择。", "This choice is not valid.") from None


_YEARS = range(2000, 3000)
"""At the ends of the calendar an instant has no time in another zone."""


def day(text: str) -> date | None:
    """The date a field sends; None for an empty one. Raises Trouble."""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
        if found.year in _YEARS:
            return found
        raise ValueError(text)
    except ValueError:
        raise Trouble(
            f"日期“{text[:20]}”读不出，应写作 2026-10-10。",
            f"The date {text[:20]!r} cannot be read; write 2026-10-10.",
        ) from None


def moment(text: str, house: House) -> datetime | None:
    """The instant a field sends, on the city's clocks; a bare date is its midnight."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.year not in _YEARS:
            raise ValueError(text)
    except ValueError:
        raise Trouble(
            f"时刻“{text[:20]}”读不出，应写作 2026-10-10T08:00。",
            f"The instant {text[:20]!r} cannot be read; write 2026-10-10T08:00.",
        ) from None
    local = found if found.tzinfo else found.replace(tzinfo=house.zone)
    return plain(local)


def midnight(on: date, house: House) -> datetime:
    """The instant a day begins in the city."""
    return plain(datetime.combine(on, time(0), house.zone))


# -- choices -----------------------------------------------------------------------------------


MOST_SUGGESTED = 2000
"""Names in the list of one field, lest the page grow heavy; others may be written all the same."""


def unit_names(house: House) -> list[str]:
    """What a field for a unit suggests."""
    units = house.reference().directory.units.values()
    return [unit.name for unit in islice(units, MOST_SUGGESTED)]


def person_names(house: House) -> list[str]:
    """What a field for a person suggests: the name and the code, which tells two apart."""
    directory = house.reference().directory
    return [
        f"{directory.people[who]}（{code}）"
        for code, who in islice(directory.codes.items(), MOST_SUGGESTED)
    ]


def area_choices(house: House) -> list[tuple[int, str]]:
    """The areas of a select, indented as they lie."""
    return [
        (line.id, f"{'　' * line.depth}{line.name}") for line in admin_units.areas(house.ledger)
    ]


# -- lists -------------------------------------------------------------------------------------


def pages(path: str, filters: Mapping[str, object], after: object, following: object) -> Any:
    """The way on and back of a list that is read by key."""
    kept = {name: value for name, value in filters.items() if value}
    return {
        "next_url": f"{path}?{urlencode({**kept, 'after': following})}" if following else None,
        "first_url": f"{path}?{urlencode(kept)}" if after else None,
    }


def some(rows: Sequence[T], after: int, size: int = MOST_SHOWN) -> tuple[list[T], int]:
    """Of rows that are in memory anyway, a page from the one numbered `after`."""
    start = max(after, 0)
    shown = list(islice(rows, start, start + size))
    return shown, start + size if len(rows) > start + size else 0
