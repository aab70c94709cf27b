"""督办: the escalation log, and the notices that went out."""

from typing import Annotated
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le
from fastapi import APIRouter, Depends, Query, Request, Response

from ledger import excerpts, logbook
from ledger.logbook import Ending, LogLine, Sought
from ledger.telling import Told
from ledger.tokens import Scope
from models.account import AccountRole
from models.notice import NoticeState
from portal.api import shapes
from portal.api.admission import Admitted, may
from portal.api.paging import LIMIT, After, AfterId, Limit, tell
from portal.api.shapes import Id, Instant, shaped, text
from portal.house import InHouse
from portal.seeing import having
from rules.permission import Viewer

router = APIRouter(route_class=Admitted, tags=["follow-up"])

Watcher = Annotated[Viewer, Depends(having(AccountRole.SUPERVISOR, AccountRole.LEADER))]
Supervisor = Annotated[Viewer, Depends(having(AccountRole.SUPERVISOR))]
Level = Annotated[int, Ge(0), Le(99)]
OfCase = Annotated[str, text(32), Query(description="a case's number")]


@router.get("/log", **may(Scope.LOG_READ))
def log(
    request: Request,
    response: Response,
    house: InHouse,
    viewer: Watcher,
    case: OfCase = "",
    level: Annotated[list[Level] | None, Query(max_length=9)] = None,
    unit: Annotated[Id | None, Query(description="a unit's id; its subtree too")] = None,
    area: Annotated[Id | None, Query(description="an area's id; its subtree too")] = None,
    category: Annotated[str, text(32), Query(description="a category's code")] = "",
    ending: Annotated[Ending | None, Query(description="what became of it")] = None,
    since: Annotated[Instant | None, Query(description="from this instant on")] = None,
    until: Annotated[Instant | None, Query(description="before this instant")] = None,
    reminders: Annotated[bool, Query(description="reminder points too")] = False,
    after: Annotated[After | None, Query()] = None,
    limit: Limit = LIMIT,
) -> shapes.LogPage:
    """What was done about cases in scope, and what could not be; the newest first."""
    sought = Sought(
        levels=frozenset(level or ()), unit=unit, area=area, category=category, since=since,
        until=until, ending=ending, case=case, reminders=reminders,
    )  # fmt: skip
    found = logbook.page(house.ledger, viewer, sought, after or "", limit)
    zone = house.zone
    items = [_line(line, zone) for line in found.lines]
    return shapes.LogPage(items=items, after=tell(request, response, found.after))


def _line(line: LogLine, zone: ZoneInfo) -> shapes.LogLine:
    return shaped(
        shapes.LogLine, line, zone,
        case=line.number,
        recipients=[_recipient(told, zone) for told in line.told],
        remarks=[shaped(shapes.Comment, remark, zone) for remark in line.remarks],
    )  # fmt: skip


def _recipient(told: Told, zone: ZoneInfo) -> shapes.Recipient:
    channel, answer = (told.last.channel, told.last.answer) if told.last else ("", "")
    return shaped(shapes.Recipient, told, zone, channel=channel, answer=answer)


@router.get("/outbox", **may(Scope.NOTICES_READ))
def outbox(
    request: Request,
    response: Response,
    house: InHouse,
    viewer: Supervisor,
    case: OfCase = "",
    state: NoticeState | None = None,
    after: AfterId = None,
    limit: Limit = LIMIT,
) -> shapes.NoticePage:
    """Notices about cases in scope and how far they came; the newest first."""
    rows, next_page = excerpts.notices(house.ledger, viewer, state, case, after, limit)
    zone = house.zone
    items = [shaped(shapes.NoticeLine, row, zone) for row in rows]
    return shapes.NoticePage(items=items, after=tell(request, response, next_page))
