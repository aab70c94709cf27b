"""Accounts on the command line: opened, reset, closed; passwords shown once; the first of all."""

import re

import pytest

from ledger import accounts, admin
from ledger.database import Ledger, connect
from models.words import Words
from tests.cli.conftest import Duban, Said

LONG = "one rather long sentence"


def ledger_of(said: Said) -> Ledger:
    found = re.search(r"(sqlite:\S+)", said.out)
    assert found, said.out
    return connect(found[1])


def password_in(said: Said) -> str:
    found = re.search(r"password: (\S+)", said.out)
    assert found, said.out
    return found[1]


def roles(duban: Duban) -> dict[str, list[str]]:
    """The roles of every account, each with its unit or area."""
    rows = duban("account", "list", "--json").json["rows"]
    return {
        row["login"]: [
            " ".join(filter(None, (role["role"], role["unit"], role["area"])))
            for role in row["roles"]
        ]
        for row in rows
    }


def signs_in(ledger: Ledger, login: str, password: str) -> bool:
    from duban.session import now

    return not isinstance(accounts.sign_in(ledger, login, password, now()), Words)


def test_setting_up_makes_one_administrator_and_says_the_password_once(duban: Duban) -> None:
    first, again = duban("init"), duban("init")
    assert roles(duban) == {"admin": ["administrator"]}
    assert signs_in(ledger_of(first), "admin", password_in(first))
    assert "password" not in again.out
    [row] = duban("account", "list", "--json").json["rows"]
    assert row["must_change"] is True


def test_the_demo_has_an_account_for_every_role_with_its_documented_password(duban: Duban) -> None:
    first = duban("init", "--demo")
    assert "duban-demo-2026" in first.out
    made = roles(duban)
    assert {role.split()[0] for mine in made.values() for role in mine} == {
        "inspector", "contact", "head", "supervisor", "leader", "administrator",
    }  # fmt: skip
    assert made["dongcheng"] == ["supervisor 东澄区"]
    assert all(signs_in(ledger_of(first), login, "duban-demo-2026") for login in ("bob", "admin"))
    before = duban("account", "list", "--json").json
    assert "password" not in duban("init", "--demo").out
    assert duban("account", "list", "--json").json == before


def test_an_account_is_opened_for_a_person_with_a_role_where_it_holds(town: Duban) -> None:
    said = town(
        "account", "add", "bob", "--login", "Bob", "--role", "contact", "--unit", "市城管局"
    )
    assert (said.status, len(password_in(said))) == (0, 19)
    assert roles(town)["bob"] == ["contact 市城市管理局"]
    assert town("account", "grant", "bob", "--role", "inspector").status == 0
    assert roles(town)["bob"] == ["contact 市城市管理局", "inspector"]


def test_a_newcomer_comes_into_the_directory_with_the_account(town: Duban) -> None:
    said = town(
        "account", "add", "new", "--name", "新督办员", "--login", "xin", "--role", "supervisor",
        "--json",
    )  # fmt: skip
    assert (said.json["login"], said.status) == ("xin", 0)
    assert said.json["password"]
    assert "新督办员" in town("account", "list").out


def test_a_reset_gives_a_new_password_and_the_old_one_ends(duban: Duban) -> None:
    first = duban("init")
    ledger, old = ledger_of(first), password_in(first)
    new = password_in(duban("account", "reset", "admin"))
    assert not signs_in(ledger, "admin", old)
    assert signs_in(ledger, "admin", new)


def test_a_closed_account_signs_in_no_more_but_the_last_administrator_stays(town: Duban) -> None:
    made = town("account", "add", "bob", "--login", "bob", "--role", "supervisor")
    assert town("account", "close", "bob", "--yes").status == 0
    ledger = ledger_of(town("init"))
    assert not signs_in(ledger, "bob", password_in(made))
    refused = town("account", "close", "admin", "--yes")
    assert (refused.status, refused.clear) == (1, True)
    assert "最后一个管理员" in refused.err


def test_what_the_command_line_did_is_in_the_log_of_acts_without_the_password(
    town: Duban,
) -> None:
    made = town("account", "add", "bob", "--login", "bob", "--role", "supervisor")
    lines, _ = admin.acts(ledger_of(town("init")))
    assert [(line.actor, str(line.deed), line.target) for line in lines][:1] == [
        ("命令行", "account.add", "Bob")
    ]
    assert password_in(made) not in str(lines)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("add", "Trudy", "--login", "trudy", "--role", "leader"), 1, "Trudy"),
        (("add", "bob", "--login", "b b", "--role", "leader"), 1, "不含空格"),
        (("add", "bob", "--login", "admin", "--role", "leader"), 1, "已有人用"),
        (("add", "bob", "--login", "bob", "--role", "contact"), 1, "须指定单位"),
        (("add", "bob", "--login", "bob", "--role", "contact", "--unit", "某局"), 1, "某局"),
        (("add", "bob", "--login", "bob", "--role", "leader", "--area", "某区"), 1, "某区"),
        (("add", "bob", "--login", "bob", "--role", "king"), 2, "king"),
        (("reset", "nobody"), 1, "nobody"),
    ],
)
def test_what_cannot_be_is_one_clear_message_and_opens_nothing(
    town: Duban, arguments: tuple[str, ...], status: int, said: str
) -> None:
    answer = town("account", *arguments)
    assert (answer.status, answer.clear) == (status, True)
    assert said in answer.err
    assert list(roles(town)) == ["admin"]
