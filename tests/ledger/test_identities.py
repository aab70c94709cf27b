"""Which account another house means: one at most, and only while it is linked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from ledger import accounts, identities
from ledger.changes import table
from models.person import Person
from models.words import Trouble
from tests.world import World

CORP = "wecom:ww01"


@pytest.fixture
def people(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Alice and Mallory have accounts."""
    monkeypatch.setattr(accounts._hasher().__class__, "hash", lambda *_, **__: "a hash")
    ids = {row.code: row.id for row in world.rows(Person, table(Person).c.code != "")}
    with world.ledger.transaction() as connection:
        return {
            who: accounts.add_account(
                connection, ids[who], who, "a plain long sentence", (), world.now
            )
            for who in ("alice", "mallory")
        }


def link(world: World, account: int, subject: str = "a11ce", issuer: str = CORP) -> None:
    with world.ledger.transaction() as connection:
        identities.link(connection, account, issuer, subject, world.now)


def test_a_name_that_nobody_linked_means_nobody(world: World, people: dict[str, int]) -> None:
    assert identities.account_of(world.ledger, CORP, "a11ce") is None


def test_a_linked_name_means_its_account_and_no_other(world: World, people: dict[str, int]) -> None:
    link(world, people["alice"])
    assert identities.account_of(world.ledger, CORP, "a11ce") == people["alice"]
    assert identities.account_of(world.ledger, CORP, "A11CE") is None
    assert identities.account_of(world.ledger, "wecom:ww02", "a11ce") is None


def test_to_link_again_changes_nothing(world: World, people: dict[str, int]) -> None:
    link(world, people["alice"])
    first = identities.linked(world.ledger, people["alice"])
    link(world.at("2026-09-25 09:00"), people["alice"])
    assert identities.linked(world.ledger, people["alice"]) == first
    assert first[0].linked_at < world.now


def test_a_name_is_not_taken_from_another_account(world: World, people: dict[str, int]) -> None:
    link(world, people["alice"])
    with pytest.raises(Trouble, match="已绑定另一个账号"):
        link(world, people["mallory"])
    assert identities.account_of(world.ledger, CORP, "a11ce") == people["alice"]
    assert identities.linked(world.ledger, people["mallory"]) == []


def test_an_account_may_have_several_names(world: World, people: dict[str, int]) -> None:
    link(world, people["alice"])
    link(world, people["alice"], "u-1", "feishu:cli")
    names = [(row.issuer, row.subject) for row in identities.linked(world.ledger, people["alice"])]
    assert names == [(CORP, "a11ce"), ("feishu:cli", "u-1")]


def test_a_name_that_was_unlinked_means_nobody_and_may_be_linked_anew(
    world: World, people: dict[str, int]
) -> None:
    link(world, people["alice"])
    [row] = identities.linked(world.ledger, people["alice"])
    with world.ledger.transaction() as connection:
        assert identities.unlink(connection, people["alice"], row.id) == row
    assert identities.account_of(world.ledger, CORP, "a11ce") is None
    link(world, people["mallory"])
    assert identities.account_of(world.ledger, CORP, "a11ce") == people["mallory"]


def test_nobody_unlinks_what_is_anothers(world: World, people: dict[str, int]) -> None:
    link(world, people["alice"])
    [row] = identities.linked(world.ledger, people["alice"])
    with pytest.raises(Trouble, match="没有这条绑定"), world.ledger.transaction() as connection:
        identities.unlink(connection, people["mallory"], row.id)
    assert identities.account_of(world.ledger, CORP, "a11ce") == people["alice"]


@pytest.mark.parametrize("subject", ["", "x" * 201])
def test_a_name_that_cannot_be_kept_is_refused(
    world: World, people: dict[str, int], subject: str
) -> None:
    with pytest.raises(Trouble, match="1 至 200"):
        link(world, people["alice"], subject)


def test_of_two_who_link_a_name_at_once_one_gets_it(world: World, people: dict[str, int]) -> None:
    together = Barrier(2)

    def try_to(account: int) -> Any:
        together.wait()
        try:
            link(world, account)
        except Trouble:
            return None
        return account

    with ThreadPoolExecutor(2) as both:
        got = [account for account in both.map(try_to, people.values()) if account]
    assert got == [identities.account_of(world.ledger, CORP, "a11ce")]
