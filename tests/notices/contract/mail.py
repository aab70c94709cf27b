"""Mail: a post office that checks the login and refuses as mail servers do, word by word."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

from apprise import Apprise

from notices.channels import send
from tests.notices.contract.door import StandIn, certificate
from tests.notices.contract.suite import (
    MESSAGE,
    MISCONFIGURED,
    PERMANENT,
    SENT,
    TEMPORARY,
    TOO_FAST,
    UNKNOWN,
    Case,
    Subject,
    refusal,
)

USER, PASSWORD = "duban", "s3cretT0ken"
_GREETING, _TEXT = "GREETING", "."
Then = Callable[[socket.socket], None]


@dataclass
class PostOffice(StandIn):
    """A mail server. `says` answers a step in its own words; `breaks` is what happens there."""

    says: dict[str, str] = field(default_factory=dict)
    breaks: dict[str, Then] = field(default_factory=dict)
    lines: list[socket.socket] = field(default_factory=list)
    kept: bool = False
    """Whether a mail went before this one, on a connection that was cut afterwards."""

    def talk(self, caller: socket.socket) -> None:
        """One session."""
        self.lines.append(caller)
        if not self._tell(caller, _GREETING, "220 post.example ready"):
            return
        for line in (lines := caller.makefile("rb")):
            step, _, words = line.decode().strip().partition(" ")
            answer = self._answer(step.upper(), words)
            if not self._tell(caller, step.upper(), answer):
                return
            if answer.startswith("354"):
                text = b"".join(iter(lines.readline, b".\r\n"))
                if not self._tell(caller, _TEXT, "250 2.0.0 queued", text):
                    return

    def _answer(self, step: str, words: str) -> str:
        if step == "EHLO":
            return "250-post.example\r\n250-SIZE 10000000\r\n250 AUTH PLAIN"
        if step == "AUTH":
            right = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
            good = words.split() == ["PLAIN", right]
            return "235 2.7.0 welcome" if good else "535 5.7.8 authentication failed"
        return {"DATA": "354 go on", "QUIT": "221 bye"}.get(step, "250 2.0.0 OK")

    def _tell(self, caller: socket.socket, step: str, answer: str, text: bytes = b"") -> bool:
        """Answer a step; False when the session is over."""
        if step in self.breaks:
            if step == _TEXT:
                self.taken.append(text)
            self.breaks[step](caller)
            return False
        said = self.says.get(step, answer)
        if step == _TEXT and said.startswith("2"):
            self.taken.append(text)
        caller.sendall(f"{said}\r\n".encode())
        return step != "QUIT"


@contextmanager
def open_office(office: PostOffice, *, tls: bool = False) -> Iterator[int]:
    """The port at which the office is open."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(caller: socket.socket) -> None:
        with suppress(OSError), caller:
            if tls:
                caller = certificate().wrap_socket(caller, server_side=True)
            office.talk(caller)

    def listen() -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=serve, args=(caller,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        cut(office)


def cut(office: PostOffice) -> None:
    """Cut every line there is."""
    while office.lines:
        with suppress(OSError):
            office.lines.pop().shutdown(socket.SHUT_RDWR)


def address(port: int, password: str = PASSWORD, more: str = "", scheme: str = "mailto") -> str:
    """Bob's mailbox at an office."""
    parties = f"from=duban@city.example&to=bob@city.example{more}"
    return f"{scheme}://{USER}:{password}@127.0.0.1:{port}?{parties}"


@contextmanager
def _door(office: PostOffice, case: Case) -> Iterator[str]:
    with open_office(office, tls=case.tls) as port:
        how = {"scheme": "mailtos", "more": "&mode=ssl"} if case.tls else {}
        url = address(port, **how)
        if office.kept:
            assert send(url, MESSAGE).outcome is SENT
            cut(office)
            office.taken.clear()
        yield url


def _says(step: str, words: str) -> Callable[[Any], None]:
    return lambda office: office.says.update({step: words})


def _breaks(step: str, then: Then) -> Callable[[Any], None]:
    return lambda office: office.breaks.update({step: then})


def _cut_before(office: PostOffice) -> None:
    office.kept = True


def hang_up(caller: socket.socket) -> None:
    """Say nothing more and close."""


def _silence(caller: socket.socket) -> None:
    caller.recv(1)


def _drip(caller: socket.socket) -> None:
    with suppress(OSError):
        for _ in range(100):
            caller.sendall(b"2")
            time.sleep(0.02)


REFUSALS = (
    refusal("no such mailbox", _says("RCPT", "550 5.1.1 no such user"), PERMANENT, "5.1.1"),
    refusal("mailbox full", _says("RCPT", "552 5.2.2 mailbox full"), PERMANENT, "mailbox full"),
    refusal("greylisted", _says("RCPT", "451 4.7.1 Greylisted, try again in 300 seconds"),
            TEMPORARY, "Greylisted"),
    refusal("disk full", _says("DATA", "452 4.3.1 disk full"), TEMPORARY, "disk full"),
    refusal("closing", _says("MAIL", "421 4.3.2 shutting down"), TEMPORARY, "shutting down"),
    refusal("text refused", _says(".", "554 5.7.1 looks like spam"), PERMANENT, "spam"),
    refusal("login refused", _says("AUTH", "535 5.7.8 no"), MISCONFIGURED, "授权码"),
    refusal("relay denied", _says("RCPT", "550 5.7.1 relaying denied"), MISCONFIGURED, "登录名"),
    refusal("sender refused", _says("MAIL", "501 mail from address must be same as authorization "
            "user"), MISCONFIGURED, "from"),
    refusal("too many mails", _says("MAIL", "421 4.7.0 too many messages, slow down"), TOO_FAST,
            "too many"),
    refusal("frequency limited", _says(".", "550 Connection frequency limited"), TOO_FAST,
            "frequency"),
)  # fmt: skip

_MAYBE = "可能已经收到"
FAULTS = (
    Case("slow", (UNKNOWN,), _MAYBE, _breaks(".", _silence), timeout=0.3),
    Case("slow to greet", (TEMPORARY,), "", _breaks(_GREETING, _silence), timeout=0.3),
    Case("dripping", (UNKNOWN,), _MAYBE, _breaks(".", _drip), timeout=0.3),
    Case("closed at once", (TEMPORARY,), "", _breaks(_GREETING, hang_up)),
    Case("closed before DATA", (TEMPORARY,), "", _breaks("RCPT", hang_up)),
    Case("closed at DATA", (TEMPORARY,), "", _breaks("DATA", hang_up)),
    Case("closed after DATA", (UNKNOWN,), _MAYBE, _breaks(".", hang_up)),
    Case("no answer but nonsense", (UNKNOWN,), _MAYBE, _says(".", "It works!")),
    Case("greets with nonsense", (TEMPORARY,), "", _says(_GREETING, "HTTP/1.1 400 Bad Request")),
    Case("gone on a kept connection", (SENT,), "", _cut_before),
    Case("certificate nobody trusts", (MISCONFIGURED,), "证书", tls=True),
)

SUBJECT = Subject(
    name="mailto",
    stand_in=PostOffice,
    address=lambda base: base,
    refusals=REFUSALS,
    secrets=(PASSWORD,),
    theirs=Apprise.instantiate,
    faults=FAULTS,
    meet=_door,
)


def read(text: bytes) -> Any:
    """A mail as it was taken."""
    return message_from_bytes(text, policy=default)
