"""A small mailbox that speaks IMAP4rev1 as far as fetching goes, and can hang up half-way.

LOGIN, SELECT, UID SEARCH UNSEEN, UID FETCH BODY.PEEK[]<0.n>, UID STORE +FLAGS, LOGOUT.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

USER, PASSWORD = "duban", "s3cretT0ken"


@dataclass
class Mailbox:
    """What lies in it, by UID. `hang_up` names a command before which the line is cut, once."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    hang_up: str = ""
    folders: tuple[str, ...] = ("INBOX",)
    said: list[str] = field(default_factory=list)

    def put(self, mail: bytes) -> None:
        self.mails[len(self.mails) + 1] = mail

    def answer(self, command: str) -> Iterator[bytes]:
        """The answer to one command, without its tag."""
        word = command.upper().removeprefix("UID ").partition(" ")[0]
        self.said.append(word)
        if self.hang_up == word:
            self.hang_up = ""
            raise ConnectionAbortedError
        yield from getattr(self, f"_{word.lower()}", self._refused)(command)

    def _capability(self, _: str) -> Iterator[bytes]:
        yield b"* CAPABILITY IMAP4rev1\r\n"
        yield b"OK done"

    def _login(self, command: str) -> Iterator[bytes]:
        good = re.fullmatch(rf'LOGIN "?{USER}"? "{PASSWORD}"', command) is not None
        yield b"OK welcome" if good else f"NO wrong: {command}".encode()

    def _select(self, command: str) -> Iterator[bytes]:
        if command.partition(" ")[2].strip('"') not in self.folders:
            yield b"NO no such mailbox"
            return
        yield f"* {len(self.mails)} EXISTS\r\n".encode()
        yield b"OK [READ-WRITE] selected"

    def _search(self, _: str) -> Iterator[bytes]:
        found = " ".join(str(uid) for uid in self.mails if uid not in self.seen)
        yield f"* SEARCH {found}".strip().encode() + b"\r\n"
        yield b"OK done"

    def _fetch(self, command: str) -> Iterator[bytes]:
        match = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command)
        assert match is not None, command
        uid, most = int(match[1]), int(match[2])
        if uid in self.mails:
            data = self.mails[uid][:most]
            yield f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n".encode() + data
            yield b")\r\n"
        yield b"OK done"

    def _store(self, command: str) -> Iterator[bytes]:
        match = re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)", command)
        assert match is not None, command
        self.seen.add(int(match[1]))
        yield b"OK done"

    def _logout(self, _: str) -> Iterator[bytes]:
        yield b"* BYE\r\n"
        yield b"OK bye"

    def _refused(self, _: str) -> Iterator[bytes]:
        yield b"BAD what?"


@contextmanager
def imap_server(box: Mailbox, folder: str = "INBOX") -> Iterator[str]:
    """The address of a mailbox that can be fetched from."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(caller: socket.socket) -> None:
        with caller, suppress(OSError):
            caller.sendall(b"* OK ready\r\n")
            for line in caller.makefile("rb"):
                tag, _, command = line.decode().strip().partition(" ")
                *before, last = box.answer(command)
                caller.sendall(b"".join(before) + f"{tag} ".encode() + last + b"\r\n")

    def serve() -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=talk, args=(caller,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        port = listener.getsockname()[1]
        yield f"imap://{USER}:{PASSWORD}@127.0.0.1:{port}/{folder}"
    finally:
        listener.close()
