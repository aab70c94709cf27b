"""登录: who comes in, who does not, and what a form must carry."""

from datetime import timedelta

import sqlalchemy as sa

from ledger import accounts
from ledger.changes import table
from models.person import Person
from tests.portal.readers import PASSWORD, Portal


def test_whoever_signs_in_comes_to_their_own_work(sqlite_portal: Portal) -> None:
    door = sqlite_portal.reader()
    answer = door.post("/sign-in", {"login": "Bob ", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert door.get("/").headers["location"] == "/mine"


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(sqlite_portal: Portal) -> None:
    door = sqlite_portal.reader()
    wrong = door.post("/sign-in", {"login": "bob", "password": "something else entirely"})
    nobody = door.post("/sign-in", {"login": "nobody", "password": PASSWORD})
    assert wrong.status_code == nobody.status_code == 422
    assert "用户名或口令不对" in wrong.text
    assert wrong.text.replace('value="bob"', "") == nobody.text.replace('value="nobody"', "")


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(
    sqlite_portal: Portal,
) -> None:
    door, world = sqlite_portal.reader(), sqlite_portal.world
    for _ in range(5):
        door.post("/sign-in", {"login": "bob", "password": "wrong"})
    locked = door.post("/sign-in", {"login": "bob", "password": PASSWORD})
    assert "锁定" in locked.text
    world.now += timedelta(minutes=16)
    assert door.post("/sign-in", {"login": "bob", "password": PASSWORD}).status_code == 303


def test_signing_out_ends_the_session_itself(sqlite_portal: Portal) -> None:
    bob = sqlite_portal.reader("bob")
    token = bob.client.cookies.get("duban")
    assert bob.get("/account").status_code == 200
    bob.post("/sign-out")
    bob.client.cookies.set("duban", token or "")
    assert bob.get("/account").headers["location"].startswith("/sign-in")


def test_a_session_ends_a_week_after_its_last_use(sqlite_portal: Portal) -> None:
    bob, world = sqlite_portal.reader("bob"), sqlite_portal.world
    world.now += timedelta(days=6)
    assert bob.get("/account").status_code == 200
    world.now += timedelta(days=6)
    assert bob.get("/account").status_code == 200
    world.now += timedelta(days=8)
    assert bob.get("/account").status_code == 303


def test_a_form_without_our_token_or_from_another_site_changes_nothing(
    sqlite_portal: Portal,
) -> None:
    bob = sqlite_portal.reader("bob")
    assert bob.post("/sign-out", {"csrf": "guessed"}).status_code == 403
    stranger = {"origin": "https://evil.example"}
    assert bob.post("/sign-out", headers=stranger).status_code == 403
    assert bob.get("/account").status_code == 200


def test_nobody_is_sent_on_to_a_stranger_after_signing_in(sqlite_portal: Portal) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"):
        door = sqlite_portal.reader()
        answer = door.post("/sign-in", {"login": "bob", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/"


def test_changing_the_password_ends_every_other_session(sqlite_portal: Portal) -> None:
    here, there = sqlite_portal.reader("bob"), sqlite_portal.reader("bob")
    new = "another long sentence"
    answer = here.post("/password", {"old": PASSWORD, "new": new, "again": new})
    assert answer.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_a_password_too_short_or_typed_differently_is_refused_with_the_rule(
    sqlite_portal: Portal,
) -> None:
    bob = sqlite_portal.reader("bob")
    short = bob.post("/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert "10 至 200" in short.text
    other = {"old": PASSWORD, "new": "one long sentence", "again": "another sentence"}
    assert "不一样" in bob.post("/password", other).text


def test_the_cookie_goes_to_scripts_and_other_sites_never(sqlite_portal: Portal) -> None:
    door = sqlite_portal.reader()
    answer = door.post("/sign-in", {"login": "bob", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_twenty_attempts_a_minute_from_one_address_are_enough(sqlite_portal: Portal) -> None:
    door = sqlite_portal.reader()
    answers = [door.post("/sign-in", {"login": f"n{n}"}).status_code for n in range(21)]
    assert answers == [422] * 20 + [429]


def test_a_password_given_by_somebody_else_is_changed_first(sqlite_portal: Portal) -> None:
    world, bob = sqlite_portal.world, sqlite_portal.reader("bob")
    with world.ledger.transaction() as connection:
        account = sqlite_portal.accounts["bob"]
        accounts.set_password(connection, account, PASSWORD, world.now, must_change=True)
    assert bob.get("/account").headers["location"] == "/password"
    new = "another long sentence"
    bob.post("/password", {"old": PASSWORD, "new": new, "again": new})
    assert bob.get("/account").status_code == 200


def test_namesakes_are_told_apart_in_the_record(sqlite_portal: Portal) -> None:
    world, people = sqlite_portal.world, table(Person)
    with world.ledger.transaction() as connection:
        same = sa.update(people).where(people.c.code == "builder").values(name="Bob")
        connection.execute(same)
        found = [
            accounts.viewer_of(connection, sqlite_portal.accounts[who])
            for who in ("bob", "builder", "carol")
        ]
    assert [viewer and viewer.actor for viewer in found] == [
        "Bob（bob）",
        "Bob（builder）",
        "Carol",
    ]
