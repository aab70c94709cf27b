"""督办办法: versions, an editor that checks while one types, and what a policy would change.

A policy is only ever put in force as a new version; cases keep the one they were dispatched by
unless it is applied to them.
"""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from ledger import admin_policies
from models.words import Trouble, Words
from portal.house import House, InHouse
from portal.pages.admin import policy_form
from portal.pages.admin.shared import MOST_SHOWN, ByHand, page
from portal.templating import flash, say

router = APIRouter()

Text = Annotated[str, Form()]
_LINE = re.compile(r"\bline (\d+)")


@router.get("/policies")
def versions(request: Request, house: InHouse) -> Response:
    """Every version, and how many open cases keep to it."""
    return page(request, "policies.html", versions=admin_policies.versions(house.ledger))


@router.get("/policies/{version_id}")
def one(request: Request, house: InHouse, version_id: int) -> Response:
    """A version, to be read, or edited into a new one."""
    text = admin_policies.text_of(house.ledger, version_id)
    return _editor(request, house, text)


def _editor(request: Request, house: House, text: str, refused: Words | None = None) -> Response:
    return page(
        request, "policy.html", 422 if refused else 200, refused=refused, text=text,
        fields=policy_form.FIELDS, values=policy_form.values(text), answer=_judged(request, text),
    )  # fmt: skip


def _judged(request: Request, text: str) -> dict[str, object]:
    """What is wrong with a text and on which line, or what it is."""
    try:
        _fitting(text)
        policy = admin_policies.check(text, say(request, "正文"))
    except Trouble as trouble:
        line = _LINE.search(trouble.words.en)
        return {"wrong": trouble.words, "line": int(line[1]) if line else 1, "title": ""}
    return {"wrong": None, "line": 0, "title": policy.title}


def _fitting(text: str) -> None:
    if len(text) > policy_form.LARGEST:
        raise Trouble("正文太长，不像一份办法。", "Too long for a policy.")


@router.post("/policies/check")
def check(request: Request, text: Text = "") -> Response:
    """What is wrong with what has been typed so far."""
    return page(request, "policy_check.html", answer=_judged(request, text))


async def _form(request: Request) -> FormData:
    return await request.form()


@router.post("/policies/fill")
def fill(request: Request, house: InHouse, form: Annotated[FormData, Depends(_form)]) -> Response:
    """The text with the values of the form in it, not yet in force."""
    wanted = {name: str(value) for name, value in form.items()}
    text = wanted.pop("text", "")
    return _editor(request, house, policy_form.fill(text, wanted))


@router.post("/policies/edit")
def edit(request: Request, house: InHouse, text: Text = "") -> Response:
    """Back to the editor with what was typed."""
    return _editor(request, house, text)


@router.post("/policies/preview")
def preview(request: Request, house: InHouse, hand: ByHand, text: Text = "") -> Response:
    """What it would do to the cases that are open now."""
    try:
        _fitting(text)
        file = say(request, "正文")
        title = admin_policies.check(text, file).title
        found = admin_policies.rehearse(house.ledger, hand, text, file)
    except Trouble as trouble:
        return _editor(request, house, text, trouble.words)
    return page(
        request, "policy_preview.html", found=found, text=text, title=title, most=MOST_SHOWN
    )


@router.post("/policies/activate")
def activate(
    request: Request, house: InHouse, hand: ByHand, text: Text = "", reapply: Text = ""
) -> Response:
    """Put it in force, for cases from now on or for open ones, too."""
    try:
        _fitting(text)
        touched = admin_policies.activate(
            house.ledger, hand, text, say(request, "正文"), reapply=bool(reapply)
        )
    except Trouble as trouble:
        return _editor(request, house, text, trouble.words)
    response = RedirectResponse("/admin/policies", 303)
    count = len(touched)
    flash(
        response,
        Words(
            f"办法已启用，{count} 件在办案件已改按它重算。",
            f"In force; {count} open cases were recomputed by it.",
        )
        if reapply
        else Words(
            "办法已启用，对此后立案的案件有效；在办案件仍按原办法。",
            "In force for cases from now on; open cases keep the version they have.",
        ),
    )
    return response
