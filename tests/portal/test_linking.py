"""Somebody who is signed in links an outside account of their own, seeing first whose it is."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ledger import identities, links
from ledger.changes import table
from models.account import Identity
from models.person import Person
from models.unit import Unit
from tests.portal.doors import opened, unhurried
from tests.portal.standin_apps import DingTalk
from tests.portal.standins import House, running


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """All these sign-ins come from one address."""
    with unhurried():
        yield


@pytest.fixture
def house(sqlite_portal: Any, tmp_path: Path) -> Iterator[House]:
    """DingTalk, which the portal trusts, with Alice before its page."""
    with running(DingTalk()) as house:
        house.is_before("Alice", "a11ce")
        opened(sqlite_portal, house, tmp_path)
        yield house


def asks(reader: Any, house: House) -> Any:
    """The answer to the way back of somebody who wants to link."""
    there = reader.get("/sign-in/dingtalk?link=1").headers["location"]
    return reader.get(house.agree(there))


def shown(reader: Any, house: House) -> str:
    """The page that asks whether to link."""
    return str(reader.text(asks(reader, house).headers["location"]))


def sealed(page: str) -> str:
    [found] = re.findall(r'name="sealed" value="([^"]+)"', page)
    return str(found)


def owner(portal: Any, subject: str = "a11ce") -> int | None:
    return identities.account_of(portal.world.ledger, "dingtalk:dingabc", subject)


def test_what_would_be_linked_is_shown_before_it_is(sqlite_portal: Any, house: House) -> None:
    alice = sqlite_portal.reader("alice")
    page = shown(alice, house)
    assert "a11ce" in page
    assert "请看清是不是您本人的" in page
    assert owner(sqlite_portal) is None


def test_linked_by_oneself_it_signs_in(sqlite_portal: Any, house: House) -> None:
    alice = sqlite_portal.reader("alice")
    answer = alice.post("/sign-in/dingtalk/link", {"sealed": sealed(shown(alice, house))})
    assert answer.headers["location"] == "/account/outside"
    page = alice.text("/account/outside")
    assert "以后可用钉钉登录" in page
    assert "a11ce" in page
    phone = sqlite_portal.reader()
    there = phone.get("/sign-in/dingtalk").headers["location"]
    assert phone.get(house.agree(there)).headers["location"] == "/"
    assert "Alice" in phone.text("/account/outside")


def test_to_link_one_has_to_be_signed_in(sqlite_portal: Any, house: House) -> None:
    answer = sqlite_portal.reader().get("/sign-in/dingtalk?link=1")
    assert answer.headers["location"].startswith("/sign-in?next=")
    assert house.asked == []


def test_what_one_began_another_cannot_end(sqlite_portal: Any, house: House) -> None:
    alice, mallory = sqlite_portal.reader("alice"), sqlite_portal.reader("mallory")
    seal = sealed(shown(mallory, house))
    answer = alice.post("/sign-in/dingtalk/link", {"sealed": seal})
    assert answer.headers["location"] == "/account/outside"
    assert "换了登录的账号" in alice.text("/account/outside")
    page = alice.get(f"/sign-in/dingtalk/link?sealed={seal}")
    assert page.headers["location"] == "/account/outside"
    assert owner(sqlite_portal) is None


@pytest.mark.parametrize("seal", ["", "rubbish", "e30.AAAA"])
def test_nobody_links_what_we_did_not_show(sqlite_portal: Any, house: House, seal: str) -> None:
    alice = sqlite_portal.reader("alice")
    assert alice.post("/sign-in/dingtalk/link", {"sealed": seal}).status_code == 422
    assert sqlite_portal.world.rows(Identity) == []


def test_a_seal_for_one_page_does_not_open_another(sqlite_portal: Any, house: House) -> None:
    reader = sqlite_portal.reader()
    there = reader.get("/sign-in/dingtalk").headers["location"]
    unknown = urlsplit(reader.get(house.agree(there)).headers["location"])
    assert unknown.path == "/sign-in/dingtalk/unknown"
    [seal] = parse_qs(unknown.query)["sealed"]
    alice = sqlite_portal.reader("alice")
    assert alice.post("/sign-in/dingtalk/link", {"sealed": seal}).status_code == 422
    assert sqlite_portal.world.rows(Identity) == []


def test_a_page_left_open_links_nothing_later(sqlite_portal: Any, house: House) -> None:
    alice = sqlite_portal.reader("alice")
    seal = sealed(shown(alice, house))
    sqlite_portal.world.now += timedelta(minutes=10)
    answer = alice.post("/sign-in/dingtalk/link", {"sealed": seal})
    assert answer.status_code == 422
    assert "已过期" in answer.text
    assert owner(sqlite_portal) is None


def test_a_form_of_another_site_links_nothing(sqlite_portal: Any, house: House) -> None:
    alice = sqlite_portal.reader("alice")
    seal = sealed(shown(alice, house))
    answer = alice.post("/sign-in/dingtalk/link", {"sealed": seal, "csrf": "made up"})
    assert answer.status_code == 403
    assert owner(sqlite_portal) is None


def test_what_is_linked_to_another_account_stays_there(sqlite_portal: Any, house: House) -> None:
    world, accounts = sqlite_portal.world, sqlite_portal.accounts
    with world.ledger.transaction() as connection:
        identities.link(connection, accounts["bob"], house.issuer, "a11ce", world.now)
    alice = sqlite_portal.reader("alice")
    answer = alice.post("/sign-in/dingtalk/link", {"sealed": sealed(shown(alice, house))})
    assert answer.status_code == 422
    assert "已绑定另一个账号" in answer.text
    assert owner(sqlite_portal) == accounts["bob"]


def test_one_removes_ones_own_links_and_no_others(sqlite_portal: Any, house: House) -> None:
    world, accounts = sqlite_portal.world, sqlite_portal.accounts
    with world.ledger.transaction() as connection:
        identities.link(connection, accounts["alice"], house.issuer, "a11ce", world.now)
    [row] = identities.linked(world.ledger, accounts["alice"])
    mallory, alice = sqlite_portal.reader("mallory"), sqlite_portal.reader("alice")
    assert "a11ce" not in mallory.text("/account/outside")
    assert mallory.post(f"/account/outside/{row.id}/remove").status_code == 422
    assert owner(sqlite_portal) == accounts["alice"]
    assert alice.post(f"/account/outside/{row.id}/remove").status_code == 303
    assert owner(sqlite_portal) is None
    assert "还没有绑定外部账号" in alice.text("/account/outside")


def test_whoever_came_by_a_link_has_no_account_to_link(sqlite_portal: Any, house: House) -> None:
    world = sqlite_portal.world
    case = world.case(world.report("文化路", "井盖破损"))
    [bob] = world.rows(Person, table(Person).c.code == "bob")
    [unit] = world.rows(Unit, table(Unit).c.code == "csgl")
    with world.ledger.transaction() as connection:
        secret = links.make(connection, case.id, bob.id, unit.id, world.now)
    reader = sqlite_portal.reader()
    assert reader.post(f"/l/{secret}").status_code == 303
    assert reader.get("/sign-in/dingtalk?link=1").status_code == 404
    assert reader.get("/account/outside").status_code == 404
