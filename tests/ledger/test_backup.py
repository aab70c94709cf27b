"""A backup is whole or there is none, and what comes back is what was there."""

import csv
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from documents import bundle
from documents.bundle import Bundle, Damaged, Writing
from documents.store import Store
from ledger import proof
from ledger import shapes as forms
from ledger.changes import table
from ledger.database import DatabaseTrouble, connect, migrate
from models.case import Case
from models.finding import Draft
from models.photo import Photo
from models.record import Record
from models.words import Trouble
from tasks import backing_up, handing_out, sealing
from tests.conftest import BOTH, Databases, Templates, file_of
from tests.ledger import postgresql, tampering
from tests.ledger.keeping import PICTURES, held, held_at, lived, rewritten
from tests.migrations import drift
from tests.world import World, instant

AT = datetime(2026, 10, 12, 2, tzinfo=UTC)
ROOT = Path(__file__).parents[2]

Empty = Callable[[str], str]


@pytest.fixture(scope="session")
def _migrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """A database with tables and nothing in them, made once for each kind."""

    @cache
    def make(kind: str) -> str:
        name = f"duban_blank_{os.getpid()}"
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp(name) / 'blank.db'}"
        else:
            url = str(request.getfixturevalue("_new_on_postgresql")(name))
        migrate(url)
        return url

    return make


@pytest.fixture
def empty(
    _migrated: Callable[[str], str], request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Empty]:
    """Makes empty databases of this version."""
    made: list[str] = []

    def new(kind: str) -> str:
        name = f"duban_into_{os.getpid()}_{len(made)}"
        blank = make_url(_migrated(kind)).database or ""
        if kind == "sqlite":
            file = tmp_path / f"{name}.db"
            file.write_bytes(Path(blank).read_bytes())
            return f"sqlite:///{file}"
        made.append(name)
        return postgresql.create(request.getfixturevalue("pg_server"), name, blank)

    yield new
    for name in made:
        postgresql.drop(request.getfixturevalue("pg_server"), name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "keys").mkdir(parents=True, exist_ok=True)
    return tmp_path / "home"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "photos"))


@pytest.fixture
def city(world: World, store: Store, home: Path) -> World:
    lived(world, store, home)
    return world


@pytest.fixture(scope="session")
def _lived(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lived-in city on SQLite, its pictures, its keys and its backup."""
    folder = tmp_path_factory.mktemp("lived")
    shutil.copy(file_of(templates("sqlite", "city")), folder / "city.db")
    (folder / "home" / "keys").mkdir(parents=True)
    world = World(connect(f"sqlite:///{folder / 'city.db'}"), folder / "messages")
    store = Store(str(folder / "photos"))
    lived(world, store, folder / "home")
    save(world, store, folder / "home")
    world.ledger.engine.dispose()
    return folder


@pytest.fixture
def small(_lived: Path, tmp_path: Path) -> Iterator[World]:
    """The same for one test."""
    shutil.copytree(_lived, tmp_path, dirs_exist_ok=True)
    ledger = connect(f"sqlite:///{tmp_path / 'city.db'}")
    yield World(ledger, tmp_path / "messages", instant("2026-10-12 10:00"))
    ledger.engine.dispose()


@pytest.fixture
def saved(small: World, home: Path) -> Path:
    """Its backup."""
    return home / "duban.tar"


def save(world: World, store: Store | None, home: Path, name: str = "duban.tar") -> Path:
    return backing_up.backup(world.ledger, store, home, home / name, AT).file


def no_differences(url: str) -> list[str]:
    """Where the tables of a restored database are not those of a migrated one."""
    engine = sa.create_engine(make_url(url.replace("postgresql://", "postgresql+psycopg://")))
    with engine.connect() as connection:
        found = list(drift(connection))
    engine.dispose()
    return found


# -- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("into", BOTH)
def test_what_is_restored_is_what_was_there_row_by_row(
    city: World, empty: Empty, into: str, store: Store, home: Path, tmp_path: Path
) -> None:
    file, url, elsewhere = save(city, store, home), empty(into), Store(str(tmp_path / "other"))
    found = backing_up.restore(file, url, elsewhere, home)
    assert (found.broken, found.notes) == ([], [])
    assert held_at(url) == held(city.ledger)
    assert [elsewhere.get(row.path) for row in city.rows(Photo)] == list(PICTURES)
    assert no_differences(url) == []
    again = World(connect(url), tmp_path / "later", city.now)
    [answer] = again.hand_in(Draft("2", "人民路1号", "垃圾满溢", units=("城管局",)), paper="later")
    assert again.case(str(answer.case)).id == max(row.id for row in again.rows(Case)), "ids go on"
    assert again.proven()
    again.ledger.engine.dispose()


@pytest.mark.parametrize("kind", BOTH)
def test_a_ledger_moves_to_another_database_with_every_row_and_its_chain(
    small: World, empty: Empty, kind: str
) -> None:
    url = empty(kind)
    done = backing_up.copy(small.ledger, url)
    assert done == held(small.ledger) == held_at(url)
    copied = connect(url)
    assert proof.verify(copied).broken == []
    copied.engine.dispose()


def test_a_backup_is_proved_by_restoring_it(small: World, saved: Path, home: Path) -> None:
    found = backing_up.check(saved, home)
    assert (found.restored, found.broken, found.notes) == (True, [], [])
    assert found.records == len(small.rows(Record))


def test_a_backup_taken_while_others_write_is_one_instant(
    city: World, store: Store, home: Path, tmp_path: Path
) -> None:
    written: list[str] = []
    going = True

    def write() -> None:
        other = World(connect(city.ledger.engine.url.render_as_string(False)), tmp_path / "w")
        other.now = city.now
        while going:
            written.append(other.report(f"建设路{len(written)}号", "路面积水"))
        other.ledger.engine.dispose()

    writer = Thread(target=write)
    writer.start()
    try:
        while not written:
            writer.join(0.01)
        done = backing_up.backup(city.ledger, store, home, home / "busy.tar", AT)
    finally:
        going = False
        writer.join()
    found = backing_up.check(done.file, home)
    assert found.broken == []
    rows = _rows_of(done.file, "case_")
    records = _rows_of(done.file, "record")
    assert {row["id"]: row["records"] for row in rows} == _lengths(records)


def _rows_of(file: Path, name: str) -> list[dict[str, Any]]:
    pages = [lines for of, lines in Bundle.open(file).lines() if of == name]
    return [json.loads(line) for lines in pages for line in lines.splitlines()]


def _lengths(records: list[dict[str, Any]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for record in records:
        found[record["case_id"]] = found.get(record["case_id"], 0) + 1
    return found


# -- older and newer ---------------------------------------------------------------------------

NEW_TABLES = {"heartbeat", "set_aside", "past_notice"}


@pytest.mark.parametrize("kind", BOTH)
def test_a_backup_of_the_version_before_is_restored_and_upgraded(
    small: World, saved: Path, databases: Databases, kind: str, store: Store, home: Path
) -> None:
    url = databases(kind, "")
    found = backing_up.restore(_as_of_0005(saved), url, store, home)
    assert found.broken == []
    before, after = held(small.ledger), held_at(url)
    assert {name for name in before if before[name] != after[name]} == {"delivery"}
    assert before["delivery"].rows == after["delivery"].rows, "they only lack what was not kept"


def _without_took(lines: bytes) -> bytes:
    """Deliveries as they were written before it was known how long they took."""
    rows = [json.loads(line) for line in lines.splitlines()]
    return b"".join(_line({k: v for k, v in row.items() if k != "took"}) for row in rows)


def _as_of_0005(file: Path) -> Path:
    """The same bundle as the version before would have written it."""
    given, older = Bundle.open(file), file.with_name("older.tar")
    tables = {name: said for name, said in given.head["tables"].items() if name not in NEW_TABLES}
    tables["delivery"]["columns"].pop("took")
    head = {**given.head, "revision": "0005", "tables": tables}
    manifest, tallies = given.check(), {}
    with older.open("wb") as out:
        writing = Writing(out, head)
        for name, now in given.lines():
            lines = _without_took(now) if name == "delivery" else now
            writing.lines(name, lines)
            tallies[name] = lines
        for path, data in given.pictures():
            writing.picture(path, data)
        manifest["tables"] = {
            name: {"rows": lines.count(b"\n"), "sha256": bundle.sha256(lines).hexdigest()}
            for name, lines in ((name, tallies.get(name, b"")) for name in tables)
        }
        writing.close({k: v for k, v in manifest.items() if k not in ("sha256", "sha256sums")})
    return older


def _line(row: dict[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def test_a_backup_of_a_later_version_is_refused_with_its_version(
    store: Store, home: Path, tmp_path: Path
) -> None:
    file = home / "later.tar"
    with file.open("wb") as out:
        writing = Writing(out, {"revision": "9999", "program": "9.9", "tables": {}})
        writing.close({"tables": {}})
    with pytest.raises(Trouble, match="9999"):
        backing_up.restore(file, f"sqlite:///{tmp_path}/new.db", store, home)
    assert not (tmp_path / "new.db").exists()


def test_an_older_backup_does_not_go_into_a_newer_database(
    saved: Path, empty: Empty, store: Store, home: Path
) -> None:
    older = _as_of_0005(saved)
    with pytest.raises(DatabaseTrouble, match="0005"):
        backing_up.restore(older, empty("sqlite"), store, home)


# -- what is wrong is found --------------------------------------------------------------------


def test_a_changed_byte_anywhere_is_found(saved: Path) -> None:
    whole, places = saved.read_bytes(), []
    with bundle._members(saved) as members:
        for member in members:
            inside = member.open()
            start = whole.index(inside.read())
            places += [start, start + member.size // 2, start + member.size - 1]
    for place in places:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(Damaged) as caught:
            Bundle.open(saved).check()
        assert "不能用" in str(caught.value)


def test_a_file_cut_short_is_found(saved: Path) -> None:
    end = saved.read_bytes().index(b'"sha256sums"')
    for share in (1.0, 0.97, 0.7, 0.3, 0.01, 0.0):
        os.truncate(saved, int(end * share))
        with pytest.raises(Damaged):
            Bundle.open(saved).check()


def test_a_missing_member_is_named(saved: Path) -> None:
    lost = "tables/notice/000001.jsonl.gz"
    other = rewritten(saved, lambda n, data: None if n == lost else data)
    with pytest.raises(Damaged, match=lost):
        Bundle.open(other).check()


def test_a_row_changed_before_the_backup_breaks_the_chain_of_the_check(
    city: World, store: Store, home: Path
) -> None:
    records = table(Record)
    tampering.change(city.ledger, sa.update(records).where(records.c.id == 2).values(words="无事"))
    found = backing_up.check(save(city, store, home), home)
    assert [(each.seq, each.what) for each in found.broken] == [(2, "record changed · 记录被改动")]


def test_a_bundle_forged_with_its_digests_does_not_hold_its_own_chain(
    saved: Path, home: Path
) -> None:
    """Whoever writes all digests anew still cannot write the records anew: they are signed."""
    given = Bundle.open(saved)
    manifest, forged = given.check(), home / "forged.tar"
    with forged.open("wb") as out:
        writing = Writing(out, given.head)
        for name, lines in given.lines():
            changed = lines.replace("核查".encode(), "检查".encode())
            manifest["tables"][name]["sha256"] = bundle.sha256(changed).hexdigest()
            writing.lines(name, changed)
        for path, data in given.pictures():
            writing.picture(path, data)
        writing.close({k: v for k, v in manifest.items() if k not in ("sha256", "sha256sums")})
    assert backing_up.check(forged, home).broken != []


def test_a_reference_to_nothing_is_not_restored(
    small: World, empty: Empty, store: Store, home: Path
) -> None:
    tampering.change(small.ledger, sa.text("DELETE FROM person WHERE code = 'bob'"))
    file = save(small, store, home)
    for kind in BOTH:
        url = empty(kind)
        with pytest.raises(Trouble, match="person"):
            backing_up.restore(file, url, store, home)
        assert not any(tally.rows for tally in held_at(url).values()), "nothing was kept"


def test_a_picture_of_a_case_that_is_lost_is_said(small: World, store: Store, home: Path) -> None:
    photos = small.rows(Photo)
    store.delete(photos[0].path)
    store.delete(photos[2].path)  # never handed in: nobody needs it
    done = backing_up.backup(small.ledger, store, home, home / "b.tar", AT)
    assert (done.lost, done.pictures) == ([photos[0].path], 1)
    assert "1 张照片" in backing_up.check(done.file, home, quick=True).notes[0].zh
    assert backing_up.check(done.file, home).broken == []


def test_a_picture_that_was_changed_in_the_store_is_no_evidence(
    small: World, store: Store, home: Path, tmp_path: Path
) -> None:
    path = small.rows(Photo)[1].path
    (tmp_path / "photos" / path).write_bytes(b"\xff\xd8 another")
    done = backing_up.backup(small.ledger, store, home, home / "b.tar", AT)
    assert done.altered == [path]


# -- nothing pretends to be whole --------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from documents.store import Store
from ledger.database import connect
from tasks import backing_up
what, url, file, photos, home, stage = sys.argv[1:]
def told(now, done, of):
    if now.startswith(stage):
        os.kill(os.getpid(), signal.SIGKILL)
if what == "backup":
    backing_up.backup(connect(url), Store(photos), Path(home), Path(file),
                      datetime(2026, 10, 12, tzinfo=UTC), told)
else:
    backing_up.restore(Path(file), url, Store(photos), Path(home), told)
"""


def killed(what: str, url: str, file: Path, photos: Path, home: Path, stage: str) -> None:
    """Kill a backup or a restore with -9 at a stage of its work."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, what, url, file, photos, home, stage], cwd=ROOT, check=False
    )
    assert ended.returncode == -signal.SIGKILL


def test_a_backup_that_is_killed_leaves_no_file_and_the_old_one(
    small: World, saved: Path, store: Store, home: Path, tmp_path: Path
) -> None:
    old, url = saved.read_bytes(), small.ledger.engine.url.render_as_string(False)
    killed("backup", url, saved, tmp_path / "photos", home, "复核")
    assert saved.read_bytes() == old
    assert [each.name for each in home.glob("*.tar")] == ["duban.tar"]
    save(small, store, home)  # what was left behind is in nobody's way
    assert not list(home.glob("*.part"))


@pytest.mark.parametrize("kind", BOTH)
def test_a_restore_that_is_killed_leaves_an_empty_database(
    saved: Path, empty: Empty, kind: str, store: Store, home: Path, tmp_path: Path
) -> None:
    url = empty(kind)
    killed("restore", url, saved, tmp_path / "photos", home, "写入")
    assert not any(tally.rows for tally in held_at(url).values())
    assert backing_up.restore(saved, url, store, home).broken == []


@pytest.mark.parametrize("kind", BOTH)
def test_nothing_is_written_over_what_is_there(
    small: World, saved: Path, databases: Databases, kind: str, store: Store, home: Path
) -> None:
    url = databases(kind, "city")
    before = held_at(url)
    with pytest.raises(Trouble, match="不是空的"):
        backing_up.restore(saved, url, store, home)
    with pytest.raises(Trouble, match="不是空的"):
        backing_up.copy(small.ledger, url)
    assert held_at(url) == before


def test_a_full_disk_leaves_the_old_backups_and_a_clear_word(
    small: World, saved: Path, store: Store, home: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(Trouble, match="没有留下新备份"):
            save(small, store, home, "second.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.name for each in home.glob("*.*")] == [saved.name]
    assert Bundle.open(saved).check()


def test_two_backups_do_not_write_the_same_file_at_once(home: Path) -> None:
    with (
        bundle.drafted(home / "b.tar"),
        pytest.raises(Trouble, match="另一次备份"),
        bundle.drafted(home / "b.tar"),
    ):
        pass


def test_old_backups_go_only_beyond_those_to_be_kept(home: Path) -> None:
    files = [home / f"duban-2026100{day}T000000Z.tar" for day in range(1, 6)]
    for file in [*files, home / "mine.tar"]:
        file.touch()
    assert sorted(backing_up.prune(home, 2, files[-1])) == files[:3]
    assert sorted(home.glob("*.tar")) == [*files[3:], home / "mine.tar"]


# -- what others may see -----------------------------------------------------------------------


def test_a_backup_is_for_nobody_elses_eyes_and_holds_no_key(
    small: World, store: Store, home: Path
) -> None:
    file = save(small, store, home, "new.tar")
    assert file.stat().st_mode & 0o777 == 0o600
    opened = b"".join(lines for _, lines in Bundle.open(file).lines()) + file.read_bytes()
    for key in ("log.pem", "channels.key"):
        secret = (home / "keys" / key).read_bytes().splitlines()[-2 if key == "log.pem" else 0]
        assert secret not in opened
    assert b"mailtos://bob" not in opened, "addresses stay sealed"


def test_a_restore_without_the_keys_says_what_will_not_work(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    notes = [words.zh for words in backing_up.check(saved, tmp_path / "bare").notes]
    assert "2 个渠道地址或外发接口" in notes[0]
    assert "签封所用的公钥" in notes[1]
    assert not (tmp_path / "bare" / "keys").exists(), "no key is made for it"


def test_an_older_backup_says_that_more_was_sealed_since(
    small: World, saved: Path, empty: Empty, store: Store, home: Path
) -> None:
    small.hand_in(Draft("2", "人民路1号", "垃圾满溢", units=("城管局",)), paper="later")
    sealing.seal(small.ledger, home, small.half_an_hour_on().now)
    [note] = backing_up.restore(saved, empty("sqlite"), store, home).notes
    assert "last-checkpoint.json" in note.zh


@pytest.mark.parametrize("as_csv", [False, True])
def test_an_export_holds_everything_but_what_opens_doors(
    small: World, store: Store, tmp_path: Path, as_csv: bool
) -> None:
    done = handing_out.export(small.ledger, store, tmp_path / "out", AT, as_csv=as_csv)
    files = {path.stem: path for path in (tmp_path / "out" / "tables").iterdir()}
    text = "".join(path.read_text("utf-8") for path in files.values())
    assert files.keys() | set(handing_out.WITHHELD_TABLES) == {s.name for s in forms.shapes()}
    for secret in ("$argon2id$", "sealed:", '"password"'):
        assert secret not in text
    kept = {path.name for path in (tmp_path / "out" / "evidence").rglob("*.jpg")}
    assert kept == {f"{bundle.sha256(data).hexdigest()}.jpg" for data in PICTURES}
    assert done.pictures == 3
    assert "account.password" in done.withheld
    assert ("'=1+1" if as_csv else '"=1+1"') in text
    rows = csv.reader(files["case_"].open(encoding="utf-8")) if as_csv else files["case_"].open()
    assert len(list(rows)) == len(small.rows(Case)) + as_csv


def test_a_table_of_a_bundle_is_read_with_gzip_and_json_alone(
    small: World, saved: Path, tmp_path: Path
) -> None:
    subprocess.run(["tar", "xf", saved, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], check=True, cwd=tmp_path)
    page = tmp_path / "tables" / "case_" / "000001.jsonl.gz"
    lines = gzip.decompress(page.read_bytes()).decode().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [
        row.number for row in small.rows(Case)
    ]
