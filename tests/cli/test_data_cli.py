"""duban db: what an operator types to keep a city's data, and what is said back."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import LEDGER, Duban


@pytest.fixture
def kept(town: Duban, tmp_path: Path) -> Duban:
    """The small city with one case."""
    (tmp_path / "ledger.csv").write_text(LEDGER, "utf-8")
    assert town("import", tmp_path / "ledger.csv", "--at", "2026-09-24T15:00:00+08:00").status == 0
    return town


def test_a_city_is_backed_up_proved_and_restored_elsewhere(
    kept: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = kept("db", "backup", tmp_path / "city.tar", "--json")
    assert (saved.status, saved.json["lost"], saved.json["removed"]) == (0, [], [])
    checked = kept("db", "check", tmp_path / "city.tar", "--json").json
    assert (checked["ok"], checked["restored"], checked["rows"]) == (True, True, saved.json["rows"])
    cases = kept("cases", "--json").json
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/new/elsewhere.db")
    restored = kept("db", "restore", tmp_path / "city.tar", "--yes")
    assert restored.status == 0
    assert "条记录逐条相连" in restored.out
    assert kept("cases", "--json").json == cases


def test_a_restore_asks_first_and_never_writes_over_what_is_there(
    kept: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept("db", "backup", tmp_path / "city.tar").status == 0
    over = kept("db", "restore", tmp_path / "city.tar", "--yes")
    assert (over.status, over.clear) == (1, True)
    assert "不是空的" in over.err
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert kept("db", "restore", tmp_path / "city.tar").status == 1, "nobody said yes"
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_damaged_backup_is_refused_in_one_clear_message(kept: Duban, tmp_path: Path) -> None:
    file = tmp_path / "city.tar"
    assert kept("db", "backup", file).status == 0
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for command in (("check",), ("check", "--quick"), ("restore", "--yes")):
        said = kept("db", *command, file)
        assert (said.status, said.clear) == (1, True)
        assert "不能用" in said.err
    said = kept("db", "check", tmp_path / "none.tar")
    assert (said.status, said.clear) == (1, True)


def test_backups_in_a_folder_are_named_by_their_instant_and_the_newest_kept(
    kept: Duban, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "duban-20250101T000000Z.tar").touch()
    said = kept("db", "backup", folder, "--keep", "1", "--json").json
    assert [Path(name).name for name in said["removed"]] == ["duban-20250101T000000Z.tar"]
    assert [file.name for file in folder.iterdir()] == [Path(said["file"]).name]
    assert kept("db", "backup", folder / "one.tar", "--keep", "1").status == 1


def test_a_city_moves_to_another_database(
    kept: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = kept("log", "verify", "--json").json
    url = f"sqlite:///{tmp_path}/moved.db"
    said = kept("db", "copy", "--to", url)
    assert (said.status, "DUBAN_DATABASE_URL" in said.out) == (0, True)
    assert kept("db", "copy", "--to", url).status == 1, "it is not empty any more"
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    assert kept("log", "verify", "--json").json == log


def test_an_export_is_a_folder_that_is_not_there_yet(kept: Duban, tmp_path: Path) -> None:
    said = kept("db", "export", tmp_path / "out", "--json").json
    about = json.loads((tmp_path / "out" / "about.json").read_text("utf-8"))
    assert said["rows"] == about["rows"] > 0
    assert "account.password" in about["withheld"]
    again = kept("db", "export", tmp_path / "out")
    assert (again.status, again.clear) == (1, True)


def test_the_archive_is_counted_before_anything_moves(kept: Duban) -> None:
    said = kept("db", "archive", "--dry-run", "--before", "2030", "--json").json
    assert (said["dry_run"], said["years"]) == (True, {})
    assert kept("db", "archive", "--at", "2030-01-01").status == 0


def test_a_year_is_let_go_only_by_a_document(kept: Duban) -> None:
    said = kept("db", "archive", "--drop", "2020", "--yes")
    assert (said.status, "--document" in said.err) == (1, True)
    said = kept("db", "archive", "--drop", "2020", "--document", "档〔2030〕1号", "--yes")
    assert (said.status, said.clear) == (1, True)


def test_no_old_backup_goes_while_pictures_are_missing(
    kept: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import backing_up

    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "duban-20250101T000000Z.tar").touch()
    save = backing_up.backup

    def lacking(*arguments: Any) -> Any:
        done = save(*arguments)
        done.lost.append("ab/cd/lost.jpg")
        return done

    monkeypatch.setattr(backing_up, "backup", lacking)
    said = kept("db", "backup", folder, "--keep", "1")
    assert (said.status, "ab/cd/lost.jpg" in said.err) == (1, True)
    assert len(list(folder.iterdir())) == 2
