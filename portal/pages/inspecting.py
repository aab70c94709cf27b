"""上报: an inspector hands findings in, on the spot, and sees what became of them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from ledger.hand_in import (
    Become,
    Choice,
    area_for,
    areas_to_choose,
    hand_in,
    handed_in,
    often,
)
from ledger.intake import Answer
from ledger.nearby import Position, around, recent_sites
from models.account import AccountRole
from models.finding import Draft, FindingOutcome
from models.words import Trouble, Words
from portal.categories import directory
from portal.house import At, House, InHouse
from portal.seeing import Asking, asking, having
from portal.templating import HERE, flash, render, say
from portal.uploading import MOST, take_all
from rules.acceptance import refusal
from rules.permission import Viewer
from rules.spoken import moment

router = APIRouter()

Inspector = Annotated[Viewer, Depends(having(AccountRole.INSPECTOR))]

FINDS = 3
"""Characters from which a sentence is worth a guess at its category."""


@dataclass(frozen=True)
class Filled:
    """The form as it was sent. `photo` are pictures uploaded before it."""

    key: Annotated[str, Form()] = ""
    place: Annotated[str, Form()] = ""
    problem: Annotated[str, Form()] = ""
    category: Annotated[str, Form()] = ""
    area: Annotated[str, Form()] = ""
    lat: Annotated[str, Form()] = ""
    lon: Annotated[str, Form()] = ""
    joins: Annotated[str, Form()] = ""
    found: Annotated[str, Form()] = ""
    fixed: Annotated[str, Form()] = ""
    photo: Annotated[list[str] | None, Form()] = None

    @property
    def photos(self) -> tuple[int, ...]:
        """The ids of the pictures."""
        ids = [one for one in self.photo or () if one.isdecimal() and len(one) < 10]
        return tuple(int(one) for one in ids)

    def draft(self, area: str, today: date, photos: Sequence[int]) -> Draft:
        """The finding it tells of."""
        here = position(self.lat, self.lon)
        return Draft(
            row="1",
            place=self.place.strip(),
            problem=self.problem.strip(),
            category=self.category.strip(),
            area=area,
            found_on=_day(self.found, today),
            fixed_on_spot=bool(self.fixed),
            lat=here and here[0],
            lon=here and here[1],
            joins=self.joins.strip(),
            photos=tuple(photos),
        )


def position(lat: str, lon: str) -> Position | None:
    """A position in degrees; None for what is none."""
    try:
        north, east = float(lat), float(lon)
    except ValueError:
        return None
    return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None


def _day(text: str, today: date) -> date:
    """The day it was found. A phone whose clock runs ahead has still not been in tomorrow."""
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


# -- the form ----------------------------------------------------------------------------------


@router.get("/hand-in")
def hand_in_page(request: Request, house: InHouse, seer: Inspector) -> Response:
    """Where a finding is told."""
    return _form(request, house, seer, Filled(key=secrets.token_urlsafe(12)))


@router.get("/hand-in/offline")
def shell(request: Request) -> Response:
    """The same without anything of anybody: what a phone shows when there is no network."""
    request.state.asking = Asking(None, "", asking(request).lang)
    return render(
        request, "inspecting/hand_in.html", filled=Filled(), errors=(), areas=(), setup=None,
        photos=(), most=MOST,
    )  # fmt: skip


def _form(
    request: Request,
    house: House,
    seer: Viewer,
    filled: Filled,
    errors: Sequence[tuple[str, Words]] = (),
    photos: Sequence[int] = (),
) -> Response:
    areas = areas_to_choose(house.ledger, seer, house.reference())
    return render(
        request, "inspecting/hand_in.html", 422 if errors else 200, filled=filled, errors=errors,
        areas=[(one.name, "　" * one.depth + one.name) for one in areas],
        setup=_setup(house, seer, areas), photos=photos, most=MOST,
    )  # fmt: skip


def _setup(house: House, seer: Viewer, areas: Sequence[Choice]) -> dict[str, Any]:
    """What a phone keeps, to offer it without a network too."""
    sites = recent_sites(house.ledger, seer)
    return {
        "person": seer.person_id,
        "areas": [[choice.name, choice.depth] for choice in areas],
        "sites": [[site.place, site.area, site.lat, site.lon] for site in sites],
    }


# -- taking it in ------------------------------------------------------------------------------


@router.post("/hand-in")
def take(
    request: Request,
    house: InHouse,
    at: At,
    seer: Inspector,
    filled: Annotated[Filled, Depends()],
    photos: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Take one finding in; the same key is taken once. Answers scripts in JSON."""
    taken = take_all(house, seer, photos or (), at, MOST - len(filled.photos))
    ids = (*filled.photos, *taken.ids)
    refused = [("photos", Words(f"{n}：{w.zh}", f"{n}: {w.en}")) for n, w in taken.refused]
    if refused:
        return _refused(request, house, seer, filled, refused, ids)
    try:
        answer = _take(house, seer, filled, ids, at)
    except Trouble as trouble:
        return _refused(request, house, seer, filled, [("problem", trouble.words)], ids)
    if answer.outcome is FindingOutcome.REJECTED:
        return _refused(request, house, seer, filled, [("problem", answer.reason)], ids)
    return _taken(request, answer, told(answer, pictures=bool(ids)))


def _take(house: House, seer: Viewer, filled: Filled, ids: Sequence[int], at: datetime) -> Answer:
    reference = house.reference()
    today = at.astimezone(reference.zone).date()
    choices = areas_to_choose(house.ledger, seer, reference)
    draft = filled.draft(area_for(choices, filled.area, filled.place), today, ids)
    if lacking := _lacking(filled) or refusal(draft, today):
        raise Trouble(*lacking)
    return hand_in(house.ledger, seer, draft, filled.key, at)


def _lacking(filled: Filled) -> Words | None:
    if not filled.place.strip():
        return Words("请写明地点，或点一下附近的点位。", "Say where it is, or tap a place nearby.")
    if not filled.problem.strip():
        return Words("请用一句话写明问题。", "Say in a sentence what is wrong.")
    if not filled.key:
        return Words("表单不完整。请刷新页面再报。", "The form is not whole. Reload the page.")
    return None


def _refused(
    request: Request,
    house: House,
    seer: Viewer,
    filled: Filled,
    errors: Sequence[tuple[str, Words]],
    ids: Sequence[int],
) -> Response:
    if _by_script(request):
        reason = " ".join(words.within(asking(request).lang) for _, words in errors)
        return JSONResponse({"reason": reason}, 422)
    # What was refused is kept under its key for good: mended, it is another one.
    again = Filled(**{**vars(filled), "key": secrets.token_urlsafe(12), "photo": None})
    return _form(request, house, seer, again, errors, ids)


def _taken(request: Request, answer: Answer, words: Words) -> Response:
    if not _by_script(request):
        response = RedirectResponse("/handed-in", 303)
        flash(response, words)
        return response
    return JSONResponse(
        {
            "outcome": answer.outcome.value,
            "label": answer.outcome.words.within(asking(request).lang),
            "case": answer.case,
            "said": words.within(asking(request).lang),
        }
    )


def told(answer: Answer, pictures: bool = False) -> Words:
    """What whoever handed it in is told: the case, and what became of the finding."""
    said, why = _TOLD[answer.outcome], answer.reason
    more = _LEFT_OUT if pictures and answer.outcome is FindingOutcome.UNCHANGED else Words("", "")
    return Words(
        said.zh.format(case=answer.case, reason=why.zh.rstrip("。")) + more.zh,
        said.en.format(case=answer.case, reason=why.en.rstrip(".")) + more.en,
    )


_TOLD: Mapping[FindingOutcome, Words] = {
    FindingOutcome.ACCEPTED: Words("案号 {case}：{reason}。", "Case {case}: {reason}."),
    FindingOutcome.MERGED: Words(
        "并入在办案件 {case}：{reason}。", "Joined the open case {case}: {reason}."
    ),
    FindingOutcome.FIXED: Words("案号 {case}：{reason}。", "Case {case}: {reason}."),
    FindingOutcome.REJECTED: Words("未受理：{reason}。", "Not taken: {reason}."),
    FindingOutcome.UNCHANGED: Words(
        "此前已受理，案号 {case}：{reason}。", "Taken before as case {case}: {reason}."
    ),
}
_LEFT_OUT = Words("这次的照片没有附上。", " The pictures of this time were left out.")


def _by_script(request: Request) -> bool:
    return request.headers.get("x-requested-with") == "fetch"


# -- what the form asks for --------------------------------------------------------------------


@router.get("/hand-in/state.json")
def state(request: Request) -> Response:
    """Who is signed in, and the token of their forms: asked before a queue is sent."""
    asked = asking(request)
    if asked.viewer is None or not asked.viewer.is_(AccountRole.INSPECTOR):
        return JSONResponse({"reason": say(request, "请先以检查员身份登录。")}, 401)
    return JSONResponse({"person": asked.viewer.person_id, "csrf": asked.csrf})


@router.get("/hand-in/nearby")
def nearby(
    request: Request,
    house: InHouse,
    at: At,
    seer: Inspector,
    lat: str = "",
    lon: str = "",
    place: str = "",
) -> Response:
    """The places and the open cases around: no more than tells whether it is the same problem."""
    found = around(house.ledger, seer, position(lat, lon), place[:200])
    lang, zone = asking(request).lang, house.zone
    return JSONResponse(
        {
            "sites": [[s.place, s.area, s.lat, s.lon, _rounded(s.metres)] for s in found.sites],
            "cases": [
                {
                    "number": near.number,
                    "place": near.place,
                    "problem": near.problem[:200],
                    "category": near.category,
                    "reported": moment(near.reported_at, at, zone).within(lang),
                    "metres": _rounded(near.metres),
                }
                for near in found.cases
            ],
        }
    )


def _rounded(off: float | None) -> int | None:
    return None if off is None else round(off)


@router.get("/hand-in/catalogue.json")
def catalogue(request: Request, house: InHouse, _: Inspector) -> Response:
    """All categories, to be searched without a network."""
    body, tag = directory(house.reference().categories, often(house.ledger))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/hand-in/likely")
def likely(house: InHouse, _: Inspector, text: str = "", place: str = "") -> Response:
    """The categories a sentence most likely tells of, the likeliest first."""
    reference = house.reference()
    if len(text.strip()) < FINDS:
        return JSONResponse([])
    match = reference.classifier.match(text, place)
    codes = [code for code in (match.code, match.runner_up) if code in reference.categories]
    return JSONResponse([[code, reference.categories[code].minor] for code in codes if code])


@router.get("/sw.js")
def worker() -> Response:
    """What lets the form open without a network. It stands at the root to be asked for it."""
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(HERE / "static" / "sw.js", media_type="text/javascript", headers=headers)


# -- what became of it -------------------------------------------------------------------------


@router.get("/handed-in")
def handed_in_page(
    request: Request, house: InHouse, seer: Inspector, become: str = "", after: str = ""
) -> Response:
    """What a viewer handed in, newest first."""
    chosen = next((one for one in Become if one.value == become), Become.ALL)
    page = handed_in(house.ledger, seer, chosen, after)
    address = f"/handed-in?become={chosen.value}" if chosen else "/handed-in"
    joint = "&" if chosen else "?"
    pager = {
        "next_url": f"{address}{joint}after={page.after}" if page.after else None,
        "first_url": address if after else None,
    }
    return render(
        request, "inspecting/handed_in.html", lines=page.lines, pager=pager, become=chosen
    )
