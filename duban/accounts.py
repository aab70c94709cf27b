"""Accounts: `duban account …`, and those that `duban init` makes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from duban import show
from duban.demo_accounts import ACCOUNTS, PASSWORD, DemoAccount
from duban.looking import AsJson, At
from duban.recomputing import Yes
from duban.session import at_of, opened
from ledger import admin_accounts, admin_people, admin_units
from ledger.accounts import check_password
from ledger.admin import Hand, acting
from ledger.admin_accounts import AccountLine, GrantLine
from ledger.database import Ledger
from ledger.people import named
from ledger.reference import read, zone
from models.account import AccountRole
from models.words import Trouble
from rules.permission import Grant

BY = "命令行"
"""The actor in the log of acts."""

app = typer.Typer(no_args_is_help=True, help="门户账号 · accounts of the portal")

Login = Annotated[str, typer.Argument(help="用户名 · the login")]
Role = Annotated[AccountRole, typer.Option("--role", help="角色 · the role")]
UnitName = Annotated[str, typer.Option("--unit", help="限于此单位及下级 · within this unit")]
AreaName = Annotated[str, typer.Option("--area", help="限于此辖区及下级 · within this area")]
Ask = Annotated[bool, typer.Option("--ask", help="在终端输入口令；不加则生成 · type the password")]


def add_to(program: typer.Typer) -> None:
    """Hang these commands on the program."""
    program.add_typer(app, name="account")


# -- commands ----------------------------------------------------------------------------------


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """列出账号、角色与状态 · list the accounts with roles and state."""
    ledger = opened()
    moment = at_of(None, ledger)
    lines = list(_all(ledger))
    if as_json:
        return show.print_json({"rows": [_row(line, moment) for line in lines]}, zone(ledger))
    if not lines:
        return show.say("还没有账号。运行 duban init 生成第一个管理员 · no account yet.")
    return show.print_table(
        "账号 · accounts",
        ("用户名 login", "姓名 name", "角色 roles", "状态 state"),
        [
            (line.login, line.person, "；".join(map(_said, line.grants)), _state(line, moment))
            for line in lines
        ],
    )


@app.command()
def add(
    person: Annotated[str, typer.Argument(help="姓名或人员代码 · a name or code")],
    login: Annotated[str, typer.Option("--login", help="用户名 · the login")],
    role: Role,
    unit: UnitName = "",
    area: AreaName = "",
    name: Annotated[
        str, typer.Option("--name", help="新人姓名；名录里没有这个代码时用 · of a newcomer")
    ] = "",
    ask: Ask = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """给人员开通账号；口令生成一次或自己输入 · open an account for a person."""
    ledger = opened()
    password = _password(login, ask=ask)
    hand = Hand(None, BY, at_of(at, ledger))
    with acting(ledger) as connection:
        if name:
            who = admin_people.new_person(connection, hand, person, name)
        else:
            who = named(read(connection).directory, person)
        grants = [_grant(connection, role, unit, area)]
        admin_accounts.add(connection, hand, who, login, grants, password, must_change=not ask)
    _tell(ledger, login, password, ask=ask, as_json=as_json)


@app.command()
def reset(login: Login, ask: Ask = False, at: At = None, as_json: AsJson = False) -> None:
    """重置口令并解除锁定；会话全部结束 · give a new password; all sessions end."""
    ledger = opened()
    password = _password(login, ask=ask)
    hand = Hand(None, BY, at_of(at, ledger))
    with acting(ledger) as connection:
        account = admin_accounts.named(connection, login)
        admin_accounts.reset(connection, hand, account.id, password, must_change=not ask)
    _tell(ledger, login, password, ask=ask, as_json=as_json)


@app.command()
def close(login: Login, yes: Yes = False, at: At = None) -> None:
    """停用账号；会话和令牌失效 · close an account; sessions and tokens end."""
    ledger = opened()
    if not yes:
        question = f"确定停用 {login}？令牌不能恢复 · Close {login}? Its tokens end for good"
        typer.confirm(question, abort=True)
    hand = Hand(None, BY, at_of(at, ledger))
    with acting(ledger) as connection:
        account = admin_accounts.named(connection, login)
        admin_accounts.close(connection, hand, account.id)
    show.say(f"{login} 已停用 · closed")


@app.command()
def grant(
    login: Login, role: Role, unit: UnitName = "", area: AreaName = "", at: At = None
) -> None:
    """授予角色 · grant a role."""
    ledger = opened()
    hand = Hand(None, BY, at_of(at, ledger))
    with acting(ledger) as connection:
        account = admin_accounts.named(connection, login)
        new = _grant(connection, role, unit, area)
        admin_accounts.grant(connection, hand, account.id, new)
    show.say(f"{login}：已授予{role.words.zh} · {role.words.en} granted")


def _grant(connection: Any, role: AccountRole, unit: str, area: str) -> Grant:
    unit_id = read(connection).unit(unit) if unit else None
    if unit and unit_id is None:
        raise Trouble(
            f"单位名录里没有“{unit}”。请写全称或别名，duban units 列出全部单位。",
            f"There is no unit {unit!r}. Write its name or another name of it; duban units lists "
            "them all.",
        )
    return Grant(role, unit_id, admin_units.area_named(connection, area) if area else None)


def _password(login: str, *, ask: bool) -> str:
    if not ask:
        return admin_accounts.new_password()
    typed: str = typer.prompt(
        "口令 password", hide_input=True, confirmation_prompt="再输一遍 again", err=True
    )
    check_password(typed, login.strip().lower())
    return typed


def _tell(ledger: Ledger, login: str, password: str, *, ask: bool, as_json: bool) -> None:
    login = login.strip().lower()
    made = None if ask else password
    if as_json:
        return show.print_json({"login": login, "password": made}, zone(ledger))
    return show.say(f"{login}：口令已设定 · password set" if ask else _once(login, password))


def _once(login: str, password: str) -> str:
    return (
        f"用户名 login: {login}\n口令 password: {password}\n"
        "口令只显示这一次，首次登录须修改 · shown this once; to be changed at the first sign-in"
    )


# -- what is listed ----------------------------------------------------------------------------


def _all(ledger: Ledger) -> Iterator[AccountLine]:
    after = 0
    while True:
        lines, after = admin_accounts.page(ledger, after=after, size=500)
        yield from lines
        if not after:
            return


def _said(line: GrantLine) -> str:
    where = "·".join(name for name in (line.unit, line.area) if name)
    return f"{line.role.words.zh}（{where or '全市'}）"


def _state(line: AccountLine, at: datetime) -> str:
    if not line.active:
        return "停用 closed"
    locked = line.locked_until is not None and line.locked_until > at
    return "锁定 locked" if locked else "正常 in order"


def _row(line: AccountLine, at: datetime) -> dict[str, Any]:
    return {
        "login": line.login,
        "person": line.person,
        "active": line.active,
        "locked": line.locked_until is not None and line.locked_until > at,
        "must_change": line.must_change,
        "last_seen": line.seen_at,
        "roles": [
            {"role": grant.role.value, "unit": grant.unit, "area": grant.area}
            for grant in line.grants
        ],
    }


# -- what `duban init` makes -------------------------------------------------------------------


def first_accounts(ledger: Ledger, at: datetime, *, demo: bool) -> Iterator[str]:
    """Make the demo's accounts, and an administrator where there is none; tells what it made."""
    hand = Hand(None, BY, at)
    if demo:
        made = [account.login for account in ACCOUNTS if _demo_account(ledger, hand, account)]
        if made:
            yield f"示范账号 demo accounts: {'、'.join(made)}；口令 password: {PASSWORD}"
    with acting(ledger) as connection:
        if admin_accounts.has_administrator(connection):
            return
        password = admin_accounts.new_password()
        who = _first_person(connection, hand)
        grants = [Grant(AccountRole.ADMINISTRATOR)]
        admin_accounts.add(connection, hand, who, FIRST, grants, password)
    yield f"第一个管理员 the first administrator\n{_once(FIRST, password)}"


FIRST = "admin"
"""Login and code of the first administrator."""


def _first_person(connection: Any, hand: Hand) -> int:
    known = read(connection).directory.codes.get(FIRST)
    return known or admin_people.new_person(connection, hand, FIRST, "系统管理员")


def _demo_account(ledger: Ledger, hand: Hand, account: DemoAccount) -> bool:
    """Make one, unless its person has an account or its login is taken."""
    with acting(ledger) as connection:
        reference = read(connection)
        who = reference.directory.codes[account.person]
        if admin_accounts.taken(connection, account.login, who):
            return False
        unit = admin_units.unit_coded(connection, account.unit) if account.unit else None
        area = admin_units.area_named(connection, account.area) if account.area else None
        admin_accounts.add(
            connection, hand, who, account.login, [Grant(account.role, unit, area)], PASSWORD,
            must_change=False,
        )  # fmt: skip
    return True
