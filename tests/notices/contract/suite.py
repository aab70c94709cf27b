"""The contract: what a channel must answer, case by case. A service registers one Subject.

A module per service holds its stand-in and its SUBJECT; `subjects.py` lists them. The stand-in
refuses as the true service does; the faults of the line are the same for every HTTP service.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apprise import Apprise

from models.delivery import DeliveryOutcome
from notices.channels import Answer, send
from notices.message import Message
from tests.notices.contract.door import Fault, StandIn, Talk, Told, door, told

SENT, UNKNOWN, TEMPORARY, TOO_FAST, PERMANENT, MISCONFIGURED = (
    DeliveryOutcome.SENT,
    DeliveryOutcome.UNKNOWN,
    DeliveryOutcome.TEMPORARY,
    DeliveryOutcome.TOO_FAST,
    DeliveryOutcome.PERMANENT,
    DeliveryOutcome.MISCONFIGURED,
)

MESSAGE = Message(
    "【督办】中山路12号：垃圾堆积",
    "地点：中山路12号\n问题：垃圾堆积\n请于9月30日18:00前整改。",
    datetime(2026, 9, 29, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
    markdown="**地点**：中山路12号\n\n**问题**：垃圾堆积\n\n请于 **9月30日18:00** 前整改。",
    short="【督办】中山路12号垃圾堆积，请于9月30日18:00前整改。",
    key="notice:1",
    thread="case:1",
)

PLAIN = replace(MESSAGE, markdown="", html="")
LONG = replace(
    MESSAGE, body="地点：中山路12号\n" * 3000, markdown="**地点**：中山路12号\n\n" * 3000
)
LONG_PLAIN = replace(LONG, markdown="", html="")


@dataclass(frozen=True)
class Case:
    """One thing that may happen, and what the channel must make of it.

    `how` prepares the stand-in before it is called; `fault` answers in its place. `outcomes` are
    those that are true here, `words` must stand in the answer, `again` is the wait it passes on.
    """

    name: str
    outcomes: tuple[DeliveryOutcome, ...]
    words: str = ""
    how: Callable[[Any], None] | None = None
    fault: Fault | None = None
    again: timedelta | None = None
    message: Message = MESSAGE
    timeout: float = 5.0
    deaf: bool = False
    tls: bool = False


def refusal(
    name: str,
    how: Callable[[Any], None],
    outcome: DeliveryOutcome,
    words: str,
    **more: Any,
) -> Case:
    """The service refuses for a reason of its own."""
    return Case(name, (outcome,), words, how, **more)


def given(**settings: Any) -> Callable[[Any], None]:
    """What makes a stand-in refuse: its fields set so."""

    def how(stand_in: Any) -> None:
        for name, value in settings.items():
            setattr(stand_in, name, value)

    return how


def http_door(stand_in: Any, case: Case) -> AbstractContextManager[str]:
    """Where an HTTP stand-in is reached in a case."""
    return door(stand_in, case.fault, deaf=case.deaf, tls=case.tls)


ACCEPTED: tuple[Case, ...] = (
    Case("accepted", (SENT,)),
    Case("accepted, plain text", (SENT,), message=PLAIN),
    Case("too long, cut", (SENT,), message=LONG),
    Case("too long, plain text, cut", (SENT,), message=LONG_PLAIN),
)

# The faults of an HTTP line.


def _slow(talk: Talk) -> None:
    answer = talk.stand_in.answer(talk.asked)
    talk.closing.wait(10)
    talk.tell(answer)


def _drip(talk: Talk) -> None:
    """One byte at a time, so that no single wait is ever long."""
    answer = talk.stand_in.answer(talk.asked)
    talk.begin(answer, len(answer.body))
    for byte in answer.body:
        if talk.closing.wait(0.05):
            return
        talk.handler.wfile.write(bytes([byte]))


def _half(talk: Talk) -> None:
    answer = talk.stand_in.answer(talk.asked)
    talk.begin(answer, len(answer.body))
    talk.handler.wfile.write(answer.body[: len(answer.body) // 2])


def _unanswered(talk: Talk) -> None:
    talk.stand_in.answer(talk.asked)


def _echo(talk: Talk) -> None:
    """A gateway that fails and shows the request it failed on."""
    asked = talk.asked
    head = f"{asked.method} {asked.target}\n{asked.headers}\n".encode()
    talk.tell(Told(502, head + asked.body))


def _login_page(talk: Talk) -> None:
    """Whoever follows is told what every service says when it took a message."""
    if talk.asked.path == "/login":
        talk.tell(told({"errcode": 0, "code": 0, "msg": "ok", "Code": "OK"}))
    else:
        talk.tell(Told(302, b"", {"Location": "/login"}))


def _says(answer: Told) -> Fault:
    return lambda talk: talk.tell(answer)


_REAL = "可能已经收到"

HTTP: tuple[Case, ...] = (
    Case("slow", (UNKNOWN,), _REAL, fault=_slow, timeout=0.3),
    Case("dripping", (UNKNOWN,), _REAL, fault=_drip, timeout=0.3),
    Case("closed before reading", (TEMPORARY, UNKNOWN), deaf=True),
    Case("closed without an answer", (UNKNOWN,), _REAL, fault=_unanswered),
    Case("closed half-way", (UNKNOWN,), _REAL, fault=_half),
    Case("500", (UNKNOWN,), "500", fault=_says(Told(500, b"internal error"))),
    Case("502 repeating the request", (UNKNOWN,), "502", fault=_echo),
    Case(
        "503, Retry-After",
        (TEMPORARY,),
        "503",
        fault=_says(told({}, 503, Retry_After="7")),
        again=timedelta(seconds=7),
    ),
    Case(
        "429, Retry-After",
        (TOO_FAST,),
        "429",
        fault=_says(told({}, 429, Retry_After="7")),
        again=timedelta(seconds=7),
    ),
    Case("401", (MISCONFIGURED,), "401", fault=_says(Told(401, b"who are you"))),
    Case("404", (MISCONFIGURED,), "404", fault=_says(Told(404, b"nothing here"))),
    Case("certificate nobody trusts", (MISCONFIGURED,), "证书", tls=True),
    Case("200, no JSON", (UNKNOWN,), fault=_says(Told(200, b"<html>It works!</html>"))),
    Case("200, no code", (UNKNOWN,), fault=_says(told({"hello": "world"}))),
    Case("200, a list", (UNKNOWN,), fault=_says(told([{"errcode": 0, "code": 0}]))),
    Case("200, empty", (UNKNOWN,), fault=_says(Told(200))),
    Case("200, 10 MB", (UNKNOWN,), fault=_says(Told(200, b'{"a": "' + b"x" * 10_000_000))),
    Case("redirected to a login page", (MISCONFIGURED,), "302", fault=_login_page),
)
"""What befalls any HTTP service. A service without JSON answers may leave rows out."""


@dataclass(frozen=True)
class Subject:
    """One channel, and everything it is tried with.

    `stand_in` makes a fresh service, `address` the channel's address for a base such as
    `http://127.0.0.1:1234` or `https://…`; `secrets` must never be seen in an answer. `theirs`
    is the plugin Apprise itself has for the same service at that base, `eased` what the service
    must do without for Apprise to reach it at all. `meet` opens the line to the stand-in; what is
    not HTTP brings its own together with its own `faults`.
    """

    name: str
    stand_in: Callable[[], Any]
    address: Callable[[str], str]
    refusals: Sequence[Case]
    secrets: Sequence[str]
    theirs: Callable[[str], Any] | None = None
    eased: Callable[[Any], None] | None = None
    faults: Sequence[Case] = HTTP
    meet: Callable[[Any, Case], AbstractContextManager[str]] = http_door

    @property
    def cases(self) -> list[Case]:
        """Accepted, every refusal of the service, every fault of the line."""
        return [*ACCEPTED, *self.refusals, *self.faults]


class Met(NamedTuple):
    """How a case ended: our answer, and what really reached the service."""

    answer: Answer
    taken: list[Any]


def meet(subject: Subject, case: Case) -> Met:
    """Send the message of a case over the channel."""
    stand_in = _prepared(subject, case.how)
    with subject.meet(stand_in, case) as base:
        answer = send(subject.address(base), case.message, timeout=case.timeout)
    return Met(answer, list(stand_in.taken))


def _prepared(subject: Subject, *hows: Callable[[Any], None] | None) -> StandIn:
    stand_in: StandIn = subject.stand_in()
    for how in filter(None, hows):
        how(stand_in)
    return stand_in


class Claim(NamedTuple):
    """What Apprise's own plugin says of a case, and what really reached the service."""

    delivered: bool
    taken: list[Any]


def claimed(subject: Subject, case: Case) -> Claim:
    """Send the message of a case as Apprise alone would."""
    assert subject.theirs
    stand_in = _prepared(subject, subject.eased, case.how)
    with subject.meet(stand_in, case) as base:
        plugin = subject.theirs(base)
        plugin.request_rate_per_sec = 0
        plugin.socket_connect_timeout = plugin.socket_read_timeout = case.timeout
        apprise = Apprise()
        apprise.add(plugin)
        delivered = bool(apprise.notify(case.message.body, title=case.message.subject))
    return Claim(delivered, list(stand_in.taken))
