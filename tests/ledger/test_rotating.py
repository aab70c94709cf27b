"""换密钥: what was sealed and signed before can still be opened and verified."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger import proof
from ledger.changes import insert, table
from models.hook import Hook
from models.person import Channel
from notices.vault import Vault, new_key
from tasks import keys, rotating, sealing
from tests.world import World

URL = "mailto://a:secret@x.cn"


def seal_some(world: World, safe: Vault) -> None:
    rows = table(Channel)
    hook = {"name": "热线", "url": safe.seal("https://x.cn"), "secret": safe.seal("s"),
            "created_at": world.now, "shown": "", "verbs": "", "position": 0,
            "active": True}  # fmt: skip
    with world.ledger.transaction() as connection:
        some = rows.c.position == 0
        connection.execute(sa.update(rows).where(some).values(url=safe.seal(URL)))
        insert(connection, Hook, [hook])


def sealed(world: World) -> list[str]:
    hooks = world.rows(Hook)
    return [row.url for row in world.rows(Channel)] + [x for h in hooks for x in (h.url, h.secret)]


def test_everything_sealed_opens_with_the_new_key_alone(world: World, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "channels.key"
    seal_some(world, keys.vault(tmp_path))
    old = file.read_text().split()
    before = sealed(world)
    assert rotating.channels(world.ledger, tmp_path) == len(before)
    new, *kept = file.read_text().split()
    assert kept == old
    assert file.stat().st_mode & 0o777 == 0o600
    assert {Vault([new]).open(each) for each in sealed(world)} == {URL, "https://x.cn", "s"}
    assert {Vault(old).open(each) for each in before} == {URL, "https://x.cn", "s"}


def test_what_is_not_sealed_stays_as_it_is(sqlite_world: World, tmp_path: Path) -> None:
    before = sealed(sqlite_world)
    assert not [each for each in before if each.startswith("sealed:")]
    assert rotating.channels(sqlite_world.ledger, tmp_path) == 0
    assert sealed(sqlite_world) == before


def test_keys_of_the_environment_are_taken_in_their_order(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_key(), new_key()
    seal_some(sqlite_world, Vault([old]))
    monkeypatch.setenv("DUBAN_SECRET_KEY", f"{new} {old}")
    rotating.channels(sqlite_world.ledger, tmp_path)
    assert {Vault([new]).open(each) for each in sealed(sqlite_world)} >= {URL}
    assert not (tmp_path / "keys" / "channels.key").exists()


def test_a_log_signed_by_two_keys_in_turn_verifies(world: World, tmp_path: Path) -> None:
    world.report("东湖路1号", "垃圾堆放未清理")
    sealing.seal(world.ledger, tmp_path, world.now)
    [first] = keys.trusted(tmp_path)
    world.now += timedelta(hours=1)
    world.report("东湖路2号", "垃圾堆放未清理")
    second = rotating.signing(world.ledger, tmp_path, world.now)
    assert keys.trusted(tmp_path) == [second, first]
    found = proof.verify(world.ledger, keys.trusted(tmp_path), keys.last_seal(tmp_path))
    assert not found.broken
    # Once before, once with the old key just now, once with the new.
    assert found.checkpoints == 3
    assert found.sealed == found.checked
    assert (tmp_path / "keys" / "log.pem").stat().st_mode & 0o777 == 0o600
