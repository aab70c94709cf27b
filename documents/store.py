"""存放: where pictures lie, in a local folder or in an S3-compatible store, by fsspec.

Paths are made of digests, so that the same picture lies there once and nobody's text is in them.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.core import url_to_fs

from documents.pictures import Picture
from models.words import Trouble

_PATH = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})(\.thumb)?\.jpg")


def path_of(digest: str) -> str:
    """Where the picture of a digest lies: "ab/cd/abcd….jpg"."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}.jpg"


def thumb_of(path: str) -> str:
    """Where the small copy of the picture at `path` lies."""
    return f"{path.removesuffix('.jpg')}.thumb.jpg"


class Absent(Trouble):
    """There is no such file in the store."""


class Altered(Trouble):
    """A picture is not the one of its digest."""


class Store:
    """Pictures at a URL of fsspec: "s3://bucket/prefix", "file:///folder", or a plain folder.

    Everything raises Trouble when the store cannot be used as it is.
    """

    def __init__(self, url: str) -> None:
        self._kind = url.partition("://")[0] if "://" in url else "file"
        self._local = self._kind == "file"
        # What others wrote a moment ago must be seen.
        remote: dict[str, Any] = {} if self._local else {"use_listings_cache": False}
        try:
            self._files, root = url_to_fs(url, **remote)
        except (ImportError, ValueError) as error:
            # fsspec says which package to install, or that it knows no such kind of store.
            raise _unusable(self._kind, str(error)) from None
        self._root = str(root).rstrip("/")

    def keep(self, picture: Picture) -> str:
        """Put a picture and its small copy; gives its path."""
        path = path_of(picture.digest)
        self.put(thumb_of(path), picture.thumb)
        self.put(path, picture.jpeg)
        return path

    def put(self, path: str, data: bytes) -> None:
        """Write a file: whole or not at all, whether it was there before or not."""
        place = self._place(path)
        with self._reaching():
            if self._local:
                _write(Path(place), data)
            else:
                self._files.pipe_file(place, data)

    def get(self, path: str) -> bytes:
        """The bytes of a file. Of a picture they are those of its digest, or it is Trouble."""
        place = self._place(path)
        with self._reaching():
            data: bytes = self._files.cat_file(place)
        digest, thumb = _PATH.fullmatch(path).groups()  # type: ignore[union-attr]
        if not thumb and sha256(data).hexdigest() != digest:
            raise Altered(
                "照片与入库时不一致，可能被改动过。请告知管理员，从备份恢复。",
                "The picture is not what it was when it was handed in; it may have been changed. "
                "Tell the administrator, who can restore it from the backup.",
            )
        return data

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        place = self._place(path)
        with self._reaching():
            return bool(self._files.exists(place))

    def delete(self, path: str) -> None:
        """Remove a picture and its small copy, if they are there."""
        for one in (path, thumb_of(path)):
            place = self._place(one)
            with self._reaching():
                if self._files.exists(place):
                    self._files.rm_file(place)

    def probe(self) -> None:
        """Write a small file and remove it again. Raises Trouble where that cannot be done."""
        path = f"00/00/{uuid4().hex}{'0' * 32}.jpg"
        self.put(path, b"")
        self.delete(path)

    def _place(self, path: str) -> str:
        if not _PATH.fullmatch(path):
            raise ValueError(f"not a path of the store: {path!r}")
        return f"{self._root}/{path}"

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise Absent(
                "照片文件不在存放处：没有传完，或存放处换了地方。请告知管理员检查 DUBAN_PHOTOS。",
                "The file of the picture is not in the store: it was not uploaded whole, or the "
                "store has moved. Ask the administrator to check DUBAN_PHOTOS.",
            ) from None
        except Exception as error:  # each kind of store has errors of its own
            raise _unusable(self._kind, type(error).__name__) from error


def _unusable(kind: str, cause: str) -> Trouble:
    return Trouble(
        f"照片存放处（{kind}）无法使用：{cause}。请检查 DUBAN_PHOTOS、磁盘空间与权限、网络，"
        "缺少软件包时先安装。",
        f"The store of pictures ({kind}) cannot be used: {cause}. Check DUBAN_PHOTOS, space and "
        "permissions, the network, and install what is missing.",
    )


def _write(place: Path, data: bytes) -> None:
    """Write beside and rename: whoever reads sees the whole file or none."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{uuid4().hex}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
