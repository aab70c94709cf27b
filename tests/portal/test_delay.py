"""督办延迟: whoever is signed in is told when nobody looks at what is due, and since when."""

from collections.abc import Callable
from datetime import timedelta

from ledger import heartbeats
from models.account import AccountRole
from tests.portal.readers import PEOPLE, Portal

Words = Callable[[str], str]
SAID = "督办延迟：自今天10:32起没有巡查。您办理的事项都已保存，恢复后照常通知。"
PAGES = {"alice": "/verify", "bob": "/mine", "carol": "/board", "leader": "/wall",
         "discipline": "/admin", "mallory": "/mine"}  # fmt: skip


def round_at(portal: Portal, text: str, name: str = "sweep") -> None:
    heartbeats.beat(portal.world.ledger, name, portal.world.at(text).now, 1.5, {"reminded": 2})


def test_everybody_who_is_signed_in_is_told_since_when(portal: Portal, words: Words) -> None:
    round_at(portal, "2026-09-24 10:32")
    portal.world.at("2026-09-24 10:38")
    assert {role for roles in PEOPLE.values() for role, _, _ in roles} == set(AccountRole)
    for who, path in PAGES.items():
        page = portal.reader(who).text(path)
        assert SAID in words(page), who
        assert 'role="status"' in page
    assert "督办延迟" not in portal.reader().text("/sign-in")


def test_it_goes_when_a_round_has_come(sqlite_portal: Portal) -> None:
    round_at(sqlite_portal, "2026-09-24 10:32", "follow-up")
    sqlite_portal.world.at("2026-09-24 10:38")
    carol = sqlite_portal.reader("carol")
    assert "督办延迟" in carol.text("/board")
    round_at(sqlite_portal, "2026-09-24 10:39", "follow-up")
    assert "督办延迟" not in carol.text("/board")


def test_a_ledger_without_rounds_and_one_whose_rounds_go_say_nothing(sqlite_portal: Portal) -> None:
    carol = sqlite_portal.reader("carol")
    assert "督办延迟" not in carol.text("/board")
    round_at(sqlite_portal, "2026-09-24 10:32")
    sqlite_portal.world.at("2026-09-24 10:37")
    assert "督办延迟" not in carol.text("/board")


def test_delivery_alone_is_no_follow_up(sqlite_portal: Portal) -> None:
    round_at(sqlite_portal, "2026-09-24 10:32")
    round_at(sqlite_portal, "2026-09-24 10:40", "deliver")
    assert "督办延迟" in sqlite_portal.reader("carol").text("/board")


def test_rounds_that_fail_again_and_again_are_told_of_sooner(
    sqlite_portal: Portal, words: Words
) -> None:
    world = sqlite_portal.world
    round_at(sqlite_portal, "2026-09-24 10:32")
    for minute in (33, 34):
        heartbeats.stumble(world.ledger, "sweep", world.at(f"2026-09-24 10:{minute}").now, "no")
    carol = sqlite_portal.reader("carol")
    assert "督办延迟" not in carol.text("/board")
    heartbeats.stumble(world.ledger, "sweep", world.at("2026-09-24 10:35").now, "no")
    assert SAID in words(carol.text("/board"))


def test_what_was_read_is_believed_for_a_moment_only(sqlite_portal: Portal) -> None:
    round_at(sqlite_portal, "2026-09-24 10:32")
    carol = sqlite_portal.reader("carol")
    assert "督办延迟" not in carol.text("/board")
    with sqlite_portal.world.ledger.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM heartbeat")
    sqlite_portal.world.now += timedelta(minutes=6)
    assert "督办延迟" not in carol.text("/board")


def test_it_is_told_in_english_too(sqlite_portal: Portal) -> None:
    round_at(sqlite_portal, "2026-09-24 10:32")
    sqlite_portal.world.at("2026-09-24 10:40")
    carol = sqlite_portal.reader("carol")
    carol.client.cookies.set("duban-lang", "en")
    assert "Follow-up is delayed: no round since today 10:32." in carol.text("/board")
