"""folder://NAME: messages appended to a text file, for the demo and for offices without mail."""

import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from notices.channels.answers import Answer, accepted
from notices.channels.plugin import Plugin
from notices.message import Message

SCHEME = "folder"

# A name is one file below one folder: no separators, no leading dot, no room for "..".
_ADDRESS = re.compile(r"folder://(?P<name>[^/?#@:]+)/?", re.IGNORECASE)
_NAME = re.compile(r"\w[\w.-]*")
_NAME_BYTES = 200


class Folder(Plugin):
    """The plugin behind folder://. It needs `place()` before it can send."""

    SCHEMES = (SCHEME,)
    service_name: Any = "Folder"
    protocol: Any = SCHEME

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(schema=SCHEME, host=name, **kwargs)  # type: ignore[no-untyped-call]
        self.name = name
        self.path = Path()

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> "Folder | None":
        """The plugin for an address, or None where its name is no name of a file."""
        name = name_in(url)
        return cls(name, **kwargs) if name else None

    def place(self, folder: Path) -> None:
        """Where the file lies."""
        self.path = folder / f"{self.name}.txt"

    def account(self) -> str:
        """The file."""
        return self.name

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The address again. It has nothing to hide."""
        return f"{SCHEME}://{self.name}"

    def bring(self, message: Message) -> Answer:
        """Append one message. Raises OSError where the file cannot be written."""
        stamp = f"[{message.at:%Y-%m-%d %H:%M:%S %z}]"
        append(self.path, f"{stamp} {message.subject}\n{message.body}\n\n")
        return accepted()


def name_in(url: str) -> str | None:
    """The name in a folder:// address, or None where it is not one."""
    match = _ADDRESS.fullmatch(url.strip())
    name = unquote(match["name"]) if match else ""
    if not _NAME.fullmatch(name) or len(name.encode()) > _NAME_BYTES:
        return None
    return name


def append(path: Path, text: str) -> None:
    """Add `text` to the end of `path`, whole or not at all, whoever else is writing to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        _lock(file.fileno())
        end = os.fstat(file.fileno()).st_size
        try:
            _write(file.fileno(), text.encode())
        except OSError:
            file.truncate(end)
            raise
        finally:
            _unlock(file.fileno())


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes, not files: everybody locks the same one, far behind any end.
    _FAR = 1 << 40

    def _lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

    def _unlock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
