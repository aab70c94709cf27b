"""Real servers on 127.0.0.1 that answer the way mail servers and webhooks really answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """A mail server that keeps what it takes. `recipient` and `data` are what it answers."""

    recipient: str = "250 OK"
    data: str = "250 OK"
    taken: list[Envelope] = field(default_factory=list)
    callers: list[object] = field(default_factory=list)
    """Over which connection each mail came that was taken."""

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
            self.callers.append(session.peer)
        return self.data


@contextmanager
def mail_server(post: Post) -> Iterator[str]:
    """The address of Bob's mailbox at a running server."""
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield mailbox(controller.port)
    finally:
        controller.stop()


def mailbox(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=duban@city.example&to=bob@city.example"


@contextmanager
def server(conversation: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where every caller meets `conversation`, then is hung up on."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(caller: socket.socket) -> None:
        with caller, suppress(OSError):
            conversation(caller)

    def serve() -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=talk, args=(caller,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def smtp_until(word: bytes, then: Callable[[socket.socket], None]) -> Callable[..., None]:
    """An SMTP conversation that goes well until the client says `word`."""

    def conversation(caller: socket.socket) -> None:
        caller.sendall(b"220 ready\r\n")
        inside = False
        for line in caller.makefile("rb"):
            said = line.strip().upper()
            if said.startswith(word):
                return then(caller)
            if not inside:
                inside = said == b"DATA"
                caller.sendall(b"354 go on\r\n" if inside else b"250 OK\r\n")
        return None

    return conversation


def hang_up(caller: socket.socket) -> None:
    """Say nothing more and close."""


def fall_silent(caller: socket.socket) -> None:
    time.sleep(5)


def drip(caller: socket.socket) -> None:
    """One byte at a time, so that no single wait is ever long."""
    for _ in range(40):
        caller.sendall(b"X")
        time.sleep(0.1)
