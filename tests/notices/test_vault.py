"""What lies in the ledger cannot be read without the key, which lies elsewhere."""

from pathlib import Path

import pytest

from models.words import Trouble
from notices.vault import Vault, new_key
from tasks.keys import vault
from tasks.ways import way_of

ADDRESS = "mailtos://duban:hush-hush@smtp.city.example?to=bob@city.example"


def test_what_was_sealed_comes_back_and_shows_nothing_meanwhile() -> None:
    box = Vault([new_key()])
    sealed = box.seal(ADDRESS)
    assert "hush" not in sealed
    assert box.seal(ADDRESS) != sealed
    assert box.open(sealed) == ADDRESS


def test_an_address_from_before_there_was_a_vault_still_opens() -> None:
    box = Vault([new_key()])
    assert box.open(ADDRESS) == ADDRESS
    assert not box.sealed(ADDRESS)


def test_a_new_key_opens_what_the_old_one_sealed_while_both_are_known() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal(ADDRESS)
    assert Vault([new, old]).open(sealed) == ADDRESS
    with pytest.raises(Trouble, match=r"channels\.key") as caught:
        Vault([new]).open(sealed)
    assert "hush" not in str(caught.value)


def test_the_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUBAN_SECRET_KEY", raising=False)
    sealed = vault(tmp_path).seal(ADDRESS)
    file = tmp_path / "keys" / "channels.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert vault(tmp_path).open(sealed) == ADDRESS
    monkeypatch.setenv("DUBAN_SECRET_KEY", file.read_text("ascii"))
    file.unlink()
    assert vault(tmp_path).open(sealed) == ADDRESS
    assert not file.exists()


@pytest.mark.parametrize("said", ["not a key", "kürbis", "\x00"])
def test_a_key_that_is_none_is_refused_without_repeating_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.delenv("DUBAN_SECRET_KEY", raising=False)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "channels.key").write_text(said, "utf-8")
    with pytest.raises(Trouble) as caught:
        vault(tmp_path)
    assert said not in f"{caught.value.words.zh}{caught.value.words.en}"


def test_what_is_kept_of_an_address_is_sealed_and_masked() -> None:
    box = Vault([new_key()])
    way = way_of(ADDRESS, box)
    assert box.open(way.url) == ADDRESS
    assert "hush" not in repr(way)
    other = way_of(ADDRESS.replace("bob", "carol"), box)
    assert way.outlet == other.outlet
