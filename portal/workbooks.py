"""导出: what a page shows, as a workbook to be kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from documents.exported import MEDIA, Cell, Column, Head, export
from models.words import Words
from portal.house import House
from portal.narrowing import today
from portal.seeing import asking
from portal.templating import say
from rules.permission import Viewer

Columns = Sequence[tuple[Words, int]]


def above(
    request: Request, house: House, viewer: Viewer, at: datetime, named: Mapping[str, str]
) -> list[str]:
    """Who exported when, and under which conditions; those that are not set are left out."""
    when = at.astimezone(house.zone).strftime("%Y-%m-%d %H:%M")
    made = say(request, "%(who)s 于 %(when)s 导出", who=viewer.name, when=when)
    conditions = [f"{label}: {value}" for label, value in named.items() if value]
    return [
        f"{house.reference().city} · {made}",
        "　".join(conditions) or say(request, "没有筛选条件"),
    ]


def workbook(
    request: Request,
    house: House,
    at: datetime,
    name: str,
    title: str,
    lines: Sequence[str],
    columns: Columns,
    rows: Iterable[Sequence[Cell]],
) -> Response:
    """The rows as Excel under a title, in the reader's language."""
    lang = asking(request).lang
    heads = [Column(words.within(lang), width) for words, width in columns]
    written = export(Head(title, lines, heads), rows, house.zone, lang)
    file = f"{name}-{today(at, house.reference())}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(written.data, media_type=MEDIA, headers=headers)
