"""账号: who may sign in, as what; passwords are shown once and kept nowhere."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ledger import admin_accounts, admin_links
from ledger.admin import acting
from models.account import AccountRole
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import (
    Administrator,
    ByHand,
    area_choices,
    carried_out,
    number,
    page,
    pages,
    person_meant,
    person_names,
    unit_meant,
    unit_names,
)
from rules.permission import Grant

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/accounts")
def listed(
    request: Request, house: InHouse, at: At, q: str = "", role: str = "", after: int = 0
) -> Response:
    """Accounts, by login, name or role."""
    role = role if role in list(AccountRole) else ""
    lines, following = admin_accounts.page(house.ledger, text=q.strip(), role=role, after=after)
    return page(
        request, "accounts.html", lines=lines, q=q, role=role, roles=list(AccountRole),
        page=pages("/admin/accounts", {"q": q, "role": role}, after, following),
    )  # fmt: skip


@router.get("/accounts/new")
def blank(request: Request, house: InHouse, person: str = "") -> Response:
    """The form of a new account."""
    return _form(request, house, {"person": person, "login": person})


def _form(
    request: Request, house: House, values: dict[str, str], refused: Words | None = None
) -> Response:
    return page(
        request, "account_new.html", 422 if refused else 200, values=values, refused=refused,
        roles=list(AccountRole), people=person_names(house), units=unit_names(house),
        areas=area_choices(house),
    )  # fmt: skip


@router.post("/accounts")
def add(
    request: Request,
    house: InHouse,
    hand: ByHand,
    person: Text = "",
    login: Text = "",
    role: Text = "",
    unit: Text = "",
    area: Text = "",
) -> Response:
    """Open an account, and show its first password."""
    typed = {"person": person, "login": login, "role": role, "unit": unit, "area": area}
    password = admin_accounts.new_password()
    try:
        who = person_meant(house.reference(), person)
        grants = [_grant(house, role, unit, area)]
        with acting(house.ledger) as connection:
            made = admin_accounts.add(connection, hand, who, login, grants, password)
    except Trouble as trouble:
        return _form(request, house, typed, trouble.words)
    return _shown_once(request, made, login.strip().lower(), password)


def _grant(house: House, role: str, unit: str, area: str) -> Grant:
    if role not in list(AccountRole):
        raise Trouble("请选择角色。", "Choose a role.")
    unit_id, area_id = unit_meant(house.reference(), unit), number(area)
    return Grant(AccountRole[role.upper()], unit_id, area_id)


def _shown_once(request: Request, account_id: int, login: str, password: str) -> Response:
    return page(
        request, "secret.html", secret=password, login=login,
        back=f"/admin/accounts/{account_id}", kind="password",
    )  # fmt: skip


@router.get("/accounts/{account_id}")
def one(
    request: Request, house: InHouse, at: At, viewer: Administrator, account_id: int
) -> Response:
    """One account."""
    return page(
        request, "account.html", account=admin_accounts.account(house.ledger, account_id, at),
        roles=list(AccountRole), units=unit_names(house), areas=area_choices(house),
        own=viewer.account_id == account_id,
    )  # fmt: skip


@router.post("/accounts/{account_id}/reset")
def reset(request: Request, house: InHouse, hand: ByHand, at: At, account_id: int) -> Response:
    """A new password, shown once; every session of the account ends."""
    password = admin_accounts.new_password()
    with acting(house.ledger) as connection:
        admin_accounts.reset(connection, hand, account_id, password)
    login = admin_accounts.account(house.ledger, account_id, at).line.login
    return _shown_once(request, account_id, login, password)


@router.post("/accounts/{account_id}/close")
def close(house: InHouse, hand: ByHand, account_id: int) -> Response:
    """Nobody signs in with it any more."""

    def do() -> None:
        with acting(house.ledger) as connection:
            admin_accounts.close(connection, hand, account_id)

    done = Words("账号已停用，登录和令牌都已失效。", "Closed; its sessions and tokens have ended.")
    return carried_out(f"/admin/accounts/{account_id}", do, done)


@router.post("/accounts/{account_id}/reopen")
def reopen(house: InHouse, hand: ByHand, account_id: int) -> Response:
    """It may sign in again."""
    return carried_out(
        f"/admin/accounts/{account_id}",
        lambda: admin_accounts.reopen(house.ledger, hand, account_id),
        Words("账号已恢复，口令不变。", "Opened again, with the password it had."),
    )


@router.post("/accounts/{account_id}/unlock")
def unlock(house: InHouse, hand: ByHand, account_id: int) -> Response:
    """Forget its wrong passwords."""
    return carried_out(
        f"/admin/accounts/{account_id}",
        lambda: admin_accounts.unlock(house.ledger, hand, account_id),
        Words("锁定已解除。", "Unlocked."),
    )


@router.post("/accounts/{account_id}/sessions/end")
def end_sessions(house: InHouse, hand: ByHand, account_id: int, session: Text = "") -> Response:
    """End one of its sessions, or all."""
    return carried_out(
        f"/admin/accounts/{account_id}",
        lambda: admin_accounts.end_sessions(house.ledger, hand, account_id, number(session)),
        Words("会话已结束，需重新登录。", "Ended; they have to sign in again."),
    )


# -- roles -------------------------------------------------------------------------------------


@router.post("/accounts/{account_id}/roles")
def grant(
    house: InHouse,
    hand: ByHand,
    account_id: int,
    role: Text = "",
    unit: Text = "",
    area: Text = "",
) -> Response:
    """One more role."""

    def do() -> None:
        new = _grant(house, role, unit, area)
        with acting(house.ledger) as connection:
            admin_accounts.grant(connection, hand, account_id, new)

    return carried_out(f"/admin/accounts/{account_id}", do, Words("角色已授予。", "Granted."))


@router.post("/accounts/{account_id}/roles/{grant_id}/remove")
def withdraw(house: InHouse, hand: ByHand, account_id: int, grant_id: int) -> Response:
    """One role less; it holds from the next click on."""

    def do() -> None:
        with acting(house.ledger) as connection:
            admin_accounts.withdraw(connection, hand, account_id, grant_id)

    done = Words("角色已收回，立即生效。", "Withdrawn, from now on.")
    return carried_out(f"/admin/accounts/{account_id}", do, done)


# -- outside accounts --------------------------------------------------------------------------


@router.post("/accounts/{account_id}/outside")
def link(
    house: InHouse, hand: ByHand, account_id: int, issuer: Text = "", subject: Text = ""
) -> Response:
    """Let an outside account sign in as this one."""
    return carried_out(
        f"/admin/accounts/{account_id}",
        lambda: admin_links.link_identity(house.ledger, hand, account_id, issuer, subject),
        Words("外部账号已绑定。", "The outside account has been linked."),
    )


@router.post("/accounts/{account_id}/outside/{identity_id}/remove")
def unlink(house: InHouse, hand: ByHand, account_id: int, identity_id: int) -> Response:
    """It signs in here no more."""
    return carried_out(
        f"/admin/accounts/{account_id}",
        lambda: admin_links.unlink_identity(house.ledger, hand, account_id, identity_id),
        Words("外部账号已解除。", "The outside account has been removed."),
    )
