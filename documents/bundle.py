"""备份包: one file with everything in it, that any tar reads and `sha256sum -c` checks.

    duban.json            first: what it is, of which version, and the form of its tables
    tables/<name>/0001.jsonl.gz …   rows as lines of JSON, in pages
    evidence/<path>       pictures as they lie in the store
    SHA256SUMS            of every file before it, as sha256sum writes them
    manifest.json         last: how many rows and pictures, and the digest of SHA256SUMS

What is last makes it whole: a file that breaks off has no manifest, and is no backup. Pictures
do not shrink, so they are not packed again; tables are packed page by page, which needs no more
memory than a page and lets pictures be passed over without reading them.
"""

import fcntl
import gzip
import io
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Self

from models.words import Trouble

FORMAT = 1
HEAD, SUMS, MANIFEST = "duban.json", "SHA256SUMS", "manifest.json"
TABLES, EVIDENCE = "tables/", "evidence/"
PART = 4 << 20
"""So many bytes of lines make a page."""
_LEVEL = 1
"""Of gzip: beyond it a table takes four times as long to be a fifth smaller."""
_IN_MEMORY = 8 << 20

Told = Callable[[int, int], object]
"""Is told how many bytes of how many have been read."""


class Damaged(Trouble):
    """The file is no whole bundle."""

    def __init__(self, file: Path, zh: str, en: str) -> None:
        super().__init__(
            f"备份 {file.name} 不能用：{zh}。请用另一份备份；这一份不要再依靠。",
            f"The backup {file.name} cannot be used: {en}. Use another one, and do not rely on "
            "this one.",
        )


# -- writing -----------------------------------------------------------------------------------


class Writing:
    """A bundle while it is written. `close` makes it whole; without it there is none."""

    def __init__(self, out: IO[bytes], head: dict[str, Any]) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w:", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self._sums: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._digest = sha256()
        self._table, self._page, self._waiting = "", 0, bytearray()
        self.evidence = {"files": 0, "bytes": 0}
        self.add(HEAD, _json({"duban": "bundle", "format": FORMAT, **head}))

    def lines(self, table: str, lines: bytes) -> None:
        """Add rows of a table; those of one table come one after the other."""
        if table != self._table:
            self._turn()
            self._table, self._page = table, 0
        self._waiting += lines
        if len(self._waiting) >= PART:
            self._turn()

    def picture(self, path: str, data: bytes) -> None:
        """Add a file of the store."""
        self._turn()
        self.add(EVIDENCE + path, data)
        self.evidence["files"] += 1
        self.evidence["bytes"] += len(data)

    def add(self, name: str, data: bytes) -> None:
        """Add a file under a name."""
        line = f"{sha256(data).hexdigest()}  {name}\n".encode()
        self._sums.write(line)
        self._digest.update(line)
        self._put(name, len(data), io.BytesIO(data))

    def close(self, manifest: dict[str, Any]) -> None:
        """Add what makes the bundle whole."""
        self._turn()
        size = self._sums.tell()
        self._sums.seek(0)
        self._put(SUMS, size, self._sums)
        said = {**manifest, "evidence": self.evidence, "sha256sums": self._digest.hexdigest()}
        data = _json(said | {"sha256": sha256(_json(said)).hexdigest()})
        self._put(MANIFEST, len(data), io.BytesIO(data))
        self._tar.close()
        self._sums.close()

    def _turn(self) -> None:
        """Begin a new page."""
        if self._waiting:
            self._page += 1
            name = f"{TABLES}{self._table}/{self._page:06}.jsonl.gz"
            self.add(name, gzip.compress(bytes(self._waiting), _LEVEL, mtime=0))
            self._waiting.clear()

    def _put(self, name: str, size: int, data: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, data)
        _forget(self._tar)


def _forget(tar: tarfile.TarFile) -> None:
    """The list of what went through, which would grow with every picture."""
    tar.members = []  # type: ignore[attr-defined]


def _json(said: dict[str, Any]) -> bytes:
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


# -- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a bundle; its bytes are read when they are asked for."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]

    def read(self) -> bytes:
        """All of it."""
        data = self.open().read()
        if len(data) != self.size:
            raise tarfile.ReadError("unexpected end of data")
        return data


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk. Everything raises Damaged when it is not whole or not as it was written."""

    file: Path
    head: dict[str, Any]

    @classmethod
    def open(cls, file: Path) -> Self:
        """Read what a file says it is. Raises Trouble when there is none."""
        with _members(file) as members:
            first = next(members, None)
            said = _said(file, first.read()) if first and first.name == HEAD else {}
        if said.get("duban") != "bundle":
            raise Damaged(file, "它不是督办的备份包", "it is no bundle of Duban")
        if said.get("format") != FORMAT:
            raise Damaged(
                file,
                f"它的格式是 {said.get('format')}，本程序只认 {FORMAT}，请用写它的版本打开",
                f"its format is {said.get('format')}, this program reads {FORMAT}; open it with "
                "the version that wrote it",
            )
        return cls(file, said)

    def check(self, told: Told = lambda done, of: None) -> dict[str, Any]:
        """Read all of it and hold every file against its digest; gives the manifest."""
        sums, said = sha256(), None
        with SpooledTemporaryFile(_IN_MEMORY) as lines, _members(self.file, told) as members:
            for member in members:
                if member.name == MANIFEST:
                    said = _said(self.file, member.read())
                elif member.name == SUMS:
                    lines.seek(0)
                    self._as_listed(lines, member.open())
                else:
                    line = f"{sha256(member.read()).hexdigest()}  {member.name}\n".encode()
                    sums.update(line)
                    lines.write(line)
        if said is None:
            raise Damaged(
                self.file,
                "文件不完整，末尾缺失（写到一半、拷贝中断或被截断）",
                "it is not complete, its end is missing (half written, or cut short on its way)",
            )
        self._whole(said, sums.hexdigest())
        return said

    def lines(self, told: Told = lambda done, of: None) -> Iterator[tuple[str, bytes]]:
        """The lines of the tables, page by page, as they were written."""
        with _members(self.file, told) as members:
            for member in members:
                if member.name.startswith(TABLES):
                    try:
                        data = gzip.decompress(member.read())
                    except (OSError, EOFError, zlib.error):
                        raise self._changed(member.name) from None
                    yield member.name.split("/")[1], data

    def pictures(self, told: Told = lambda done, of: None) -> Iterator[tuple[str, bytes]]:
        """The pictures, by their path in the store."""
        with _members(self.file, told) as members:
            for member in members:
                if member.name.startswith(EVIDENCE):
                    yield member.name.removeprefix(EVIDENCE), member.read()

    def _as_listed(self, found: IO[bytes], listed: IO[bytes]) -> None:
        """Raises Damaged, naming the first file that is not as SHA256SUMS has it."""
        for right in listed:
            here = found.readline()
            if here != right:
                name, other = _name(right), _name(here)
                raise self._changed(name) if name == other else self._missing(name)
        if extra := found.readline():
            raise self._changed(_name(extra))

    def _whole(self, said: dict[str, Any], sums: str) -> None:
        rest = {name: value for name, value in said.items() if name != "sha256"}
        if said.get("sha256") != sha256(_json(rest)).hexdigest():
            raise self._changed(MANIFEST)
        if said.get("sha256sums") != sums:
            raise self._changed(SUMS)

    def _changed(self, name: str) -> Damaged:
        return Damaged(
            self.file,
            f"其中的 {name} 与写下时不同（介质损坏或被改动）",
            f"{name} in it is not as it was written (a damaged medium, or somebody changed it)",
        )

    def _missing(self, name: str) -> Damaged:
        return Damaged(self.file, f"其中缺少 {name}", f"{name} is missing from it")


@contextmanager
def _members(file: Path, told: Told = lambda done, of: None) -> Iterator[Iterator[Member]]:
    try:
        size = file.stat().st_size
        with file.open("rb") as data, tarfile.open(fileobj=data, mode="r:") as tar:
            yield _each(tar, size, told)
    except (tarfile.TarError, EOFError):
        raise Damaged(
            file, "文件不完整，或不是 tar", "it is not complete, or it is no tar file"
        ) from None
    except OSError as error:
        raise Trouble(
            f"读不了备份 {file}：{error.strerror}。", f"Cannot read {file}: {error.strerror}."
        ) from None


def _each(tar: tarfile.TarFile, size: int, told: Told) -> Iterator[Member]:
    while (found := tar.next()) is not None:
        _forget(tar)
        told(found.offset_data, size)
        yield Member(found.name, found.size, partial(_inside, tar, found))
    told(size, size)


def _inside(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    return tar.extractfile(member) or io.BytesIO()


def _name(line: bytes) -> str:
    return line.rstrip(b"\n").partition(b"  ")[2].decode("utf-8", "replace")


def _said(file: Path, data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Damaged(file, "开头或末尾的说明读不出", "what it says of itself cannot be read")
    return said


# -- on disk -----------------------------------------------------------------------------------


@contextmanager
def drafted(file: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Write a file beside its name, on the disk and for nobody else's eyes; rename it yourself.

    What is left unfinished is removed, or written over the next time.
    Raises Trouble when it cannot be written.
    """
    draft = file.with_name(f"{file.name}.part")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as out:
            _alone(out, draft)
            os.fchmod(out.fileno(), 0o600)
            out.truncate()
            try:
                yield out, draft
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Trouble(
            f"不能写 {draft}：{error.strerror}。没有留下新备份，旧的没有动；请腾出空间或换个位置。",
            f"Cannot write {draft}: {error.strerror}. There is no new backup, and none of the old "
            "ones was touched; make room, or name another place.",
        ) from None


def _alone(out: IO[bytes], draft: Path) -> None:
    """Two who write the same backup at once would write into each other's."""
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Trouble(
            f"{draft} 正由另一次备份写着。请等它写完。",
            f"{draft} is being written by another backup. Wait for it to end.",
        ) from None


def settle(out: IO[bytes]) -> None:
    """Bring what was written to the disk, and forget it: what is read back comes from there."""
    out.flush()
    os.fsync(out.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def publish(draft: Path, file: Path) -> None:
    """Give a draft its name."""
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
