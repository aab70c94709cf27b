"""备份: the ledger and its pictures into one file, held against what it should be, and back.

Keys are never in it. What is written is read back before it has its name; what is restored is
read back before it is kept.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, TypeVar

from documents import bundle
from documents.bundle import Bundle, Damaged, Writing
from documents.store import Absent, Altered, Store, path_of, thumb_of
from ledger import backup as books
from ledger import proof
from ledger.backup import Rows, Tally
from ledger.database import REVISION, Ledger, connect, migrate, unchecked
from ledger.shapes import read, said, shapes
from models.words import Trouble, Words
from rules.chain import moment
from tasks import at_hand, keys

A = TypeVar("A")
B = TypeVar("B")

HANDS = 8
"""So many pictures are fetched or put at once: a store far away answers slowly."""
MOST_NAMED = 100

Told = Callable[[str, int, int | None], object]
"""Is told what is done, how much of it, and of how much where that is known."""


def nobody(what: str, done: int, of: int | None) -> None:
    """Tell nobody."""


# -- writing -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Saved:
    """A backup that was written and read back. `lost` pictures of cases were not in the store,
    `altered` ones are not those that were handed in: a backup cannot bring these back.
    """

    file: Path
    rows: int = 0
    pictures: int = 0
    bytes: int = 0
    lost: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every picture of a case is in it as it was handed in."""
        return not self.lost and not self.altered


def backup(
    ledger: Ledger,
    store: Store | None,
    home: Path,
    file: Path,
    at: datetime,
    told: Told = nobody,
) -> Saved:
    """Write everything into `file`, whole or not at all; without a `store` no pictures.

    Rows are as of one instant, and nobody waits for it. Raises Trouble when it cannot be written.
    """
    done = Saved(file)
    with bundle.drafted(file) as (out, draft), SpooledTemporaryFile(1 << 23) as paths:
        with books.frozen(ledger) as connection:
            writing = Writing(out, _head(ledger, home, at))
            tallies = _tables(writing, connection, told)
            chain = books.chain(connection)
            for path, belongs in books.pictures(connection) if store else ():
                paths.write(f"{path} {int(belongs)}\n".encode())
        if store:
            paths.seek(0)
            _pictures(writing, store, paths, done, told)
        writing.close(_manifest(tallies, chain, store, done))
        bundle.settle(out)
        Bundle.open(draft).check(partial(told, "复核 checking"))
        bundle.publish(draft, file)
    done.rows = sum(tally.rows for tally in tallies.values())
    done.bytes = file.stat().st_size
    return done


def _head(ledger: Ledger, home: Path, at: datetime) -> dict[str, Any]:
    return {
        "program": version("duban"),
        "revision": REVISION,
        "created_at": moment(at),
        "database": ledger.engine.dialect.name,
        "keys": at_hand.fingerprints(home),
        "tables": {shape.name: said(shape) for shape in shapes()},
    }


def _tables(writing: Writing, connection: Any, told: Told) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    rows = 0
    for name, lines in books.pages(connection, tallies):
        writing.lines(name, lines)
        rows += lines.count(b"\n")
        told("台账 rows", rows, None)
    return tallies


def _manifest(
    tallies: dict[str, Tally], chain: dict[str, Any], store: Store | None, done: Saved
) -> dict[str, Any]:
    return {
        "tables": books.as_said(tallies),
        "chain": chain,
        "with_evidence": store is not None,
        "lost": {"count": len(done.lost), "paths": done.lost[:MOST_NAMED]},
        "altered": {"count": len(done.altered), "paths": done.altered[:MOST_NAMED]},
    }


def _pictures(
    writing: Writing, store: Store, paths: Iterable[bytes], done: Saved, told: Told
) -> None:
    """Every picture with its small copy. One that nobody handed in may be gone by now."""
    wanted = (line.decode().split() for line in paths)
    for path, belongs, found in _ahead(partial(_fetch, store), wanted):
        if isinstance(found, tuple):
            picture, thumb = found
            writing.picture(path, picture)
            if thumb is not None:
                writing.picture(thumb_of(path), thumb)
            done.pictures += 1
            told("照片 pictures", done.pictures, None)
        elif isinstance(found, Altered):
            done.altered.append(path)
        elif belongs:
            done.lost.append(path)


def _fetch(
    store: Store, wanted: list[str]
) -> tuple[str, bool, tuple[bytes, bytes | None] | Trouble]:
    path, belongs = wanted
    try:
        picture = store.get(path)
    except (Absent, Altered) as trouble:
        return path, belongs == "1", trouble
    try:
        thumb: bytes | None = store.get(thumb_of(path))
    except Absent:
        thumb = None  # it can be made again
    return path, belongs == "1", (picture, thumb)


def _ahead(do: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Do it for some items at once; the answers come in their order."""
    left = iter(items)
    with ThreadPoolExecutor(HANDS) as pool:
        waiting: deque[Future[B]] = deque(pool.submit(do, x) for x in islice(left, 2 * HANDS))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(do, x) for x in islice(left, 1))


def prune(folder: Path, keep: int, newest: Path) -> list[Path]:
    """Remove the oldest backups of a folder, all but `keep`, never the `newest`; gives them."""
    there = sorted(folder.glob("duban-*.tar"), key=lambda file: file.name, reverse=True)
    old = [file for file in there[max(keep, 1) :] if file != newest]
    for file in old:
        file.unlink()
    return old


# -- checking ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Checked:
    """What a bundle was found to be. `broken` are breaks of the record chain, `notes` what an
    operator should know before relying on it.
    """

    head: dict[str, Any]
    manifest: dict[str, Any]
    restored: bool = False
    records: int = 0
    broken: list[proof.Break] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table["rows"] for table in self.manifest["tables"].values())


def check(file: Path, home: Path, *, quick: bool = False, told: Told = nobody) -> Checked:
    """Hold a bundle against what it says; and unless `quick`, restore it into a database for
    this purpose, with its chain, its references and every picture.

    Raises Damaged when it is not as it was written.
    """
    given = _open(file)
    found = Checked(given.head, given.check(partial(told, "核对 checking")))
    found.notes += _losses(found.manifest)
    if quick:
        return found
    with TemporaryDirectory(prefix="duban-check-") as folder:
        ledger = _put(f"sqlite:///{folder}/check.db", given, found.manifest, told)
        try:
            _verify(ledger, home, found)
            if found.manifest["with_evidence"]:
                _hold_pictures(ledger, given, found.manifest)
        finally:
            ledger.engine.dispose()
    return found


def _open(file: Path) -> Bundle:
    given = Bundle.open(file)
    revision, program = str(given.head.get("revision")), given.head.get("program")
    if books.newer(revision):
        raise Trouble(
            f"备份 {file.name} 由更新的版本 {program}（库版本 {revision}）写成，本程序只到 "
            f"{REVISION}。请先升级程序，再恢复。",
            f"The backup {file.name} was written by a newer version, {program} (revision "
            f"{revision}); this program goes up to {REVISION}. Upgrade it first, then restore.",
        )
    return given


def _losses(manifest: dict[str, Any]) -> Iterator[Words]:
    lost, altered = manifest["lost"]["count"], manifest["altered"]["count"]
    if lost:
        yield Words(
            f"备份时已有 {lost} 张照片不在存放处，备份中也没有。",
            f"{lost} pictures were not in the store when this was written; they are not in it.",
        )
    if altered:
        yield Words(
            f"备份时有 {altered} 张照片已不是当初提交的那张，未收入。",
            f"{altered} pictures were not those handed in when this was written; left out.",
        )
    if not manifest["with_evidence"]:
        yield Words(
            "这份备份不含照片，照片存放处须另行备份。",
            "There are no pictures in this backup: the store must be backed up by itself.",
        )


def _put(url: str, given: Bundle, manifest: dict[str, Any], told: Told) -> Ledger:
    """Restore the rows into an empty database as of the bundle's version, and upgrade it."""
    revision = str(given.head["revision"])
    migrate(url, revision)
    filled = unchecked(url)
    try:
        books.of_this_version(revision, filled)
        books.put(filled, _rows(given, manifest), lambda rows: told("写入 rows", rows, None))
        books.refresh(filled)
    finally:
        filled.engine.dispose()
    if revision != REVISION:
        migrate(url)
    return connect(url)


def _rows(given: Bundle, manifest: dict[str, Any]) -> Rows:
    try:
        of = [read(name, shape) for name, shape in given.head["tables"].items()]
        tallies = {name: Tally(**tally) for name, tally in manifest["tables"].items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Damaged(
            given.file, "表的说明读不出", "the form of its tables cannot be read"
        ) from None
    return Rows(of, given.lines, lambda: tallies)


def _verify(ledger: Ledger, home: Path, found: Checked) -> None:
    trusted = keys.trusted(home)
    proven = proof.verify(ledger, trusted)
    found.restored, found.records, found.broken = True, proven.checked, proven.broken
    with ledger.snapshot() as connection:
        chain, sealed = books.chain(connection), books.sealed(connection)
    if chain != found.manifest["chain"]:
        found.broken.append(proof.Break(proof.JOURNAL, chain["position"], "not the chain saved"))
    found.notes += at_hand.lacking(home, sealed, chain["seal"])


def _hold_pictures(ledger: Ledger, given: Bundle, manifest: dict[str, Any]) -> None:
    """Raises Damaged where a picture that a case needs is not there."""
    there = (path for path, _ in _sound(given) if not path.endswith(".thumb.jpg"))
    left, lost = next(there, None), 0
    with ledger.snapshot() as connection:
        for path, belongs in books.pictures(connection):
            while left is not None and left < path:
                left = next(there, None)
            lost += belongs and left != path
    for _ in there:
        pass  # the rest is held against its digests, too
    if lost > manifest["lost"]["count"] + manifest["altered"]["count"]:
        raise Damaged(
            given.file, f"缺少 {lost} 张案件照片", f"{lost} pictures of cases are missing from it"
        )


def _sound(given: Bundle) -> Iterator[tuple[str, bytes]]:
    """The pictures, each held against the digest in its name."""
    for path, data in given.pictures():
        stem = path.rpartition("/")[2].removesuffix(".thumb.jpg")
        small = thumb_of(path_of(stem)) == path and stem.isalnum()
        if not small and path_of(sha256(data).hexdigest()) != path:
            raise Damaged(
                given.file,
                f"照片 {path} 不是其摘要所指的那张",
                f"the picture {path} is not the one of its digest",
            )
        yield path, data


# -- restoring ---------------------------------------------------------------------------------


def restore(file: Path, url: str, store: Store, home: Path, told: Told = nobody) -> Checked:
    """Put a bundle into the empty database at `url`, and its pictures into the store.

    The rows come last, in one transaction: until then the database stays empty. A bundle of an
    older version is restored as it was and then upgraded.
    Raises Trouble, and leaves the database empty, when the bundle or the database will not do.
    """
    given = _open(file)
    found = Checked(given.head, given.check(partial(told, "核对 checking")))
    found.notes += _losses(found.manifest)
    _refuse_filled(url, given)
    put = _ahead(lambda one: store.put(*one), _sound(given))
    for done, _ in enumerate(put, start=1):
        told("照片 pictures", done, found.manifest["evidence"]["files"])
    ledger = _put(url, given, found.manifest, told)
    try:
        _verify(ledger, home, found)
    finally:
        ledger.engine.dispose()
    found.notes += at_hand.later(home, found.manifest["chain"]["seal"])
    return found


def _refuse_filled(url: str, given: Bundle) -> None:
    """Before anything is written: the same is asked again once the rows are held."""
    migrate(url, str(given.head["revision"]))
    ledger = unchecked(url)
    try:
        books.of_this_version(str(given.head["revision"]), ledger)
        books.refuse_filled(ledger, list(given.head["tables"]))
    finally:
        ledger.engine.dispose()


# -- copying -----------------------------------------------------------------------------------


def copy(ledger: Ledger, url: str, told: Told = nobody) -> dict[str, Tally]:
    """Put every row, as of one instant, into the empty database at `url`; gives what it was.

    Rows and the chain are compared before anything is kept. Pictures stay where they are.
    """
    migrate(url)
    target = connect(url)
    done: dict[str, Tally] = {}
    try:
        with books.frozen(ledger) as source:
            given = Rows(shapes(), partial(books.pages, source, done), lambda: done)
            books.put(target, given, lambda rows: told("写入 rows", rows, None))
            before = books.chain(source)
        books.refresh(target)
        with target.snapshot() as connection:
            if books.chain(connection) != before:
                raise Trouble("总账与原库不符，请勿使用新库。", "The chains differ: do not use it.")
    finally:
        target.engine.dispose()
    return done
