"""值班表: duties that people take in turn, a week each."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ledger import admin_people
from models.person import DutyKind
from models.words import Trouble, Words
from portal.house import At, InHouse
from portal.pages.admin.people import duty_meant
from portal.pages.admin.shared import (
    ByHand,
    carried_out,
    day,
    page,
    person_meant,
    person_names,
    unit_names,
    unit_required,
)
from rules.duty import Roster

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/rotas")
def listed(request: Request, house: InHouse, at: At) -> Response:
    """Every rota, whose week it is, and the form of a new one."""
    today = at.astimezone(house.zone).date()
    rotas = [
        (turns, Roster(turns[0].first_monday, tuple(t.person_id for t in turns)).turn(today)[0])
        for turns in admin_people.rotas(house.ledger).values()
    ]
    return page(
        request, "rotas.html", rotas=rotas, duties=list(DutyKind), units=unit_names(house),
        people=person_names(house), monday=admin_people.monday(today),
    )  # fmt: skip


@router.post("/rotas")
def put(
    house: InHouse,
    hand: ByHand,
    unit: Text = "",
    duty: Text = "",
    first_monday: Text = "",
    people: Text = "",
) -> Response:
    """Put a rota in the place of the one the unit has for the duty, if any."""

    def do() -> None:
        reference = house.reference()
        begins = day(first_monday)
        if begins is None:
            raise Trouble("请写明从哪个星期一开始。", "Say on which Monday it begins.")
        turns = tuple(person_meant(reference, line) for line in people.splitlines() if line.strip())
        unit_id = unit_required(reference, unit)
        admin_people.set_rota(house.ledger, hand, unit_id, duty_meant(duty), Roster(begins, turns))

    return carried_out("/admin/rotas", do, Words("值班表已设定。", "The rota has been set."))


@router.post("/rotas/remove")
def remove(house: InHouse, hand: ByHand, unit_id: Annotated[int, Form()], duty: Text) -> Response:
    """Everybody with the duty has it at once again."""
    return carried_out(
        "/admin/rotas",
        lambda: admin_people.remove_rota(house.ledger, hand, unit_id, duty_meant(duty)),
        Words("值班表已删除。", "The rota has been removed."),
    )
