"""人员: the list, one person with duties, channels and absences, and who is away."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_people
from models.person import DutyKind
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import (
    ByHand,
    carried_out,
    moment,
    page,
    pages,
    person_meant,
    person_names,
    unit_names,
    unit_required,
)
from portal.templating import flash
from rules.duty import Away

router = APIRouter()

Text = Annotated[str, Form()]
_SAVED = Words("已保存。", "Saved.")


@router.get("/people")
def listed(
    request: Request, house: InHouse, q: str = "", lacking: str = "", after: int = 0
) -> Response:
    """People, by name, code or unit; or those who lack something."""
    lacking = lacking if lacking in ("channel", "duty") else ""
    lines, following = admin_people.page(house.ledger, text=q.strip(), after=after, lacking=lacking)
    return page(
        request, "people.html", lines=lines, q=q, lacking=lacking,
        page=pages("/admin/people", {"q": q, "lacking": lacking}, after, following),
    )  # fmt: skip


@router.get("/people/new")
def blank(request: Request) -> Response:
    """The form of a new person."""
    return page(request, "person_new.html", code="", name="")


@router.post("/people")
def add(
    request: Request, house: InHouse, hand: ByHand, code: Text = "", name: Text = ""
) -> Response:
    """Add a person."""
    try:
        made = admin_people.add_person(house.ledger, hand, code, name)
    except Trouble as trouble:
        refused = trouble.words
        return page(request, "person_new.html", 422, code=code, name=name, refused=refused)
    response = RedirectResponse(f"/admin/people/{made}", 303)
    flash(response, Words("人员已新增。接着设定职责和渠道。", "Added. Give duties and channels."))
    return response


@router.get("/people/{person_id}")
def one(request: Request, house: InHouse, person_id: int) -> Response:
    """One person."""
    return show(request, house, person_id)


def show(request: Request, house: House, person_id: int, **more: object) -> Response:
    """The page of a person, perhaps with the answer of a channel."""
    shown = {"answer": None, **more}
    return page(
        request, "person.html", who=admin_people.person(house.ledger, person_id),
        duties=list(DutyKind), units=unit_names(house), **shown,
    )  # fmt: skip


@router.post("/people/{person_id}")
def change(
    house: InHouse, hand: ByHand, person_id: int, name: Text = "", active: Text = ""
) -> Response:
    """Rename them, or let them leave or come back."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_people.change_person(
            house.ledger, hand, person_id, name, active=bool(active)
        ),
        _SAVED,
    )


@router.post("/people/{person_id}/duties")
def add_duty(
    house: InHouse, hand: ByHand, person_id: int, unit: Text = "", duty: Text = ""
) -> Response:
    """Give them a duty for a unit."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_people.add_duty(
            house.ledger, hand, person_id, unit_required(house.reference(), unit), duty_meant(duty)
        ),
        Words("职责已设定。", "The duty has been given."),
    )


def duty_meant(text: str) -> DutyKind:
    """The duty a select sends. Raises Trouble."""
    if text not in list(DutyKind):
        raise Trouble("请选择职责。", "Choose a duty.")
    return DutyKind[text.upper()]


@router.post("/people/{person_id}/duties/{duty_id}/remove")
def remove_duty(house: InHouse, hand: ByHand, person_id: int, duty_id: int) -> Response:
    """Take a duty from them."""
    return carried_out(
        f"/admin/people/{person_id}",
        lambda: admin_people.remove_duty(house.ledger, hand, person_id, duty_id),
        Words("职责已取消。", "The duty has been taken away."),
    )


# -- away --------------------------------------------------------------------------------------


@router.get("/absences")
def absences(request: Request, house: InHouse, at: At) -> Response:
    """Who is away, now or later."""
    rows = admin_people.absences(house.ledger, at)
    return page(request, "absences.html", rows=rows, people=person_names(house))


@router.post("/absences")
def add_absence(
    house: InHouse,
    hand: ByHand,
    person: Text = "",
    start: Text = "",
    until: Text = "",
    substitute: Text = "",
) -> Response:
    """Record that somebody is away, and who stands in."""

    def do() -> None:
        begins, ends = moment(start, house), moment(until, house)
        if begins is None or ends is None:
            raise Trouble("请写明从何时到何时不在岗。", "Say from when until when.")
        reference = house.reference()
        other = person_meant(reference, substitute) if substitute.strip() else None
        away = Away(person_meant(reference, person), begins, ends, other)
        admin_people.add_absence(house.ledger, hand, away)

    done = Words(
        "已登记；这段时间的通知改发代班人。", "Recorded: the substitute is told meanwhile."
    )
    return carried_out("/admin/absences", do, done)


@router.post("/absences/{absence_id}/end")
def end_absence(house: InHouse, hand: ByHand, absence_id: int) -> Response:
    """They are back now, or will not be away at all."""
    return carried_out(
        "/admin/absences",
        lambda: admin_people.end_absence(house.ledger, hand, absence_id),
        Words("已结束或撤销。", "Ended or struck out."),
    )
