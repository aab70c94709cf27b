"""Accounts of the demo city: one for each role, all with one public password."""

from typing import NamedTuple

from duban import show
from models.account import AccountRole

PASSWORD = "duban-demo-2026"  # noqa: S105 - it stands in the guide; the demo city exists nowhere


class DemoAccount(NamedTuple):
    """Who signs in by which name, as what, and where; unit and area by their codes."""

    login: str
    role: AccountRole
    person: str
    unit: str = ""
    area: str = ""


ACCOUNTS = (
    DemoAccount("alice", AccountRole.INSPECTOR, "alice", area="chenglan"),
    DemoAccount("bob", AccountRole.CONTACT, "bob", unit="dc-zhzf"),
    DemoAccount("head", AccountRole.HEAD, "dc-zhzf-head", unit="dc-zhzf"),
    DemoAccount("carol", AccountRole.SUPERVISOR, "carol"),
    DemoAccount("dongcheng", AccountRole.SUPERVISOR, "dongcheng-contact", area="dongcheng"),
    DemoAccount("leader", AccountRole.LEADER, "cjb-leader"),
    DemoAccount("admin", AccountRole.ADMINISTRATOR, "cjb-contact"),
    DemoAccount("mallory", AccountRole.CONTACT, "mallory", unit="xl-zhzf"),
)
"""`dongcheng` supervises one district; Mallory's unit lies in the other."""


def show_accounts() -> None:
    """Print who can sign in to the demo city, and with what."""
    from duban.demo import city

    town = city()
    names = {area.code: area.name for area in town.areas}
    names |= {unit.code: unit.name for unit in town.units}
    show.print_table(
        f"示范账号 · demo accounts（口令 password: {PASSWORD}）",
        ("用户名 login", "角色 role", "范围 scope"),
        [
            (
                a.login,
                f"{a.role.words.zh} {a.role.words.en}",
                names.get(a.unit or a.area, "全市 whole city"),
            )
            for a in ACCOUNTS
        ],
    )
