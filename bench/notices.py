"""投递: notices a second through the whole path, beside the bare client and beside plain Apprise.

The path is claim, choose, compose, send, mark. The sinks are real servers in processes of their
own; the bare client sends the same messages over one kept connection and writes nothing down.
"""

import smtplib
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from bench import owing, sinks
from bench.databases import Databases
from bench.measure import Measured, Watch, alone, middle, peak, show
from ledger import outbox
from ledger.database import connect
from models.person import Way
from notices.forms import forms_in
from notices.message import Message
from tasks import sending
from tasks.composing import NOWHERE, message_of

WAIT = 0.5
"""Seconds a slow service takes for one message."""


def run(databases: Databases, *, quick: bool) -> None:
    """Measure and print."""
    size, times = (400, 1) if quick else (2000, 3)
    show(
        f"Notices, one message each, {size:,} · {databases.name}",
        ("sink", "what", "seconds", "own CPU s", "notices/s", "of the bare client", "peak MB"),
        [line for kind in BARE for line in _throughput(databases, kind, size, times)],
    )
    recipients = 40 if quick else 200
    show(
        f"{recipients} recipients, {WAIT} s for each message · {databases.name}",
        ("sink", "what", "seconds", "notices/s", "of plain Apprise"),
        [line for kind in BARE for line in _latency(databases, kind, recipients)],
    )
    show(
        f"Memory · {databases.name}",
        ("notices", "messages", "seconds", "notices/s", "MB at a tenth", "MB at the end"),
        [_memory(databases, 10_000 if quick else 100_000)],
    )


# -- throughput --------------------------------------------------------------------------------


def _throughput(
    databases: Databases, kind: str, size: int, times: int
) -> Iterator[tuple[str, ...]]:
    found: dict[str, list[Measured]] = {}
    with sinks.running(kind) as port:
        owing.owe(databases.new("owed"), size, [_way(kind, port)])
        for _ in range(times):
            for what, work in {"ours": ours, **BARE[kind]}.items():
                measured = alone(work, databases.copy("owed", "one"), port)
                found.setdefault(what, []).append(measured)
                databases.drop("one")
        databases.drop("owed")
    bare = middle(found[next(iter(BARE[kind]))])
    for what, runs in found.items():
        mine = middle(runs)
        yield (
            kind, what, f"{mine.seconds:.2f}", f"{mine.cpu:.2f}", f"{mine.rate:,.0f}",
            f"{mine.rate / bare.rate:.2f} ×", f"{mine.peak:.0f}",
        )  # fmt: skip


def _way(kind: str, port: int, n: int | None = None) -> Way:
    """One outlet for all; for HTTP, with `n`, a robot of its own."""
    if kind == "smtp":
        return owing.mail(port, n or 0)
    return owing.robot(port, f"robot{n or 0}")


def ours(url: str, port: int) -> Measured:
    """Everything that is due, from an open ledger until nothing is left."""
    ledger = connect(url)
    with TemporaryDirectory() as folder:
        watch = Watch()
        counts = sending.deliver(ledger, owing.AT, Path(folder))
        return watch.done(counts["sent"])


def _same_messages(url: str) -> list[Message]:
    """The very messages, claimed and composed beforehand."""
    ledger = connect(url)
    forms, found = forms_in(None), []
    while (hand := outbox.claim(ledger, owing.AT, sending.now())).owed:
        found += [
            message_of([owed], hand.reference, owing.AT, NOWHERE, forms) for owed in hand.owed
        ]
    return found


def bare_smtp(url: str, port: int) -> Measured:
    """`smtplib` and `email`, as the manual shows them, over one connection."""
    messages = _same_messages(url)
    with smtplib.SMTP("127.0.0.1", port) as client:
        watch = Watch()
        for message in messages:
            client.send_message(_mail(message))
        return watch.done(len(messages))


def ready_smtp(url: str, port: int) -> Measured:
    """The same, the mails written beforehand: what the line and the server take."""
    mails = [_mail(message).as_bytes() for message in _same_messages(url)]
    with smtplib.SMTP("127.0.0.1", port) as client:
        watch = Watch()
        for mail in mails:
            client.sendmail("duban@city.example", ["b0@city.example"], mail)
        return watch.done(len(mails))


def _mail(message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "duban@city.example", "b0@city.example"
    mail["Subject"], mail["Date"] = message.subject, message.at
    mail["Message-ID"] = f"<{message.key}@city.example>"
    mail["References"] = f"<case.{message.thread}@city.example>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def bare_http(url: str, port: int) -> Measured:
    """`requests` over one session."""
    messages = _same_messages(url)
    with requests.Session() as session:
        watch = Watch()
        for message in messages:
            text = message.markdown or message.body
            document: Any = {"msgtype": "markdown", "markdown": {"content": text}}
            reply = session.post(
                f"http://127.0.0.1:{port}/cgi-bin/webhook/send?key=robot", json=document, timeout=15
            )
            assert reply.json()["errcode"] == 0
        return watch.done(len(messages))


BARE: dict[str, dict[str, Callable[..., Measured]]] = {
    "smtp": {"bare smtplib, kept connection": bare_smtp, "the same, mails ready": ready_smtp},
    "http": {"bare requests, kept connection": bare_http},
}


# -- latency -----------------------------------------------------------------------------------


def _latency(databases: Databases, kind: str, recipients: int) -> Iterator[tuple[str, ...]]:
    with sinks.running(kind, wait=WAIT) as port:
        ways = [_way(kind, port, n) for n in range(recipients)]
        owing.owe(databases.new("slow"), recipients, ways)
        mine = alone(ours, databases.copy("slow", "one"), port)
        databases.drop("one")
        databases.drop("slow")
        urls = [way.url if kind == "smtp" else f"json://127.0.0.1:{port}/{n}"
                for n, way in enumerate(ways)]  # fmt: skip
        theirs = alone(plain_apprise, urls)
    what = "one mail account, 8 at once" if kind == "smtp" else "a robot each, 32 at once"
    both = {f"ours: {what}": mine, "Apprise, one object each, in a loop": theirs}
    for label, measured in both.items():
        yield (
            kind, label, f"{measured.seconds:.1f}", f"{measured.rate:.1f}",
            f"{measured.rate / theirs.rate:.1f} ×",
        )  # fmt: skip


def plain_apprise(urls: Sequence[str]) -> Measured:
    """As a plain user would: an object per recipient, `notify` one after the other."""
    from apprise import Apprise  # noqa: PLC0415 - not to be paid by the others

    watch = Watch()
    done = 0
    for url in urls:
        apprise = Apprise()
        apprise.add(url)
        done += bool(apprise.notify("地点：解放路12号\n问题：路面积水", title="【交办通知】"))
    return watch.done(done)


# -- memory ------------------------------------------------------------------------------------


def _memory(databases: Databases, notices: int) -> tuple[str, ...]:
    people = notices // 20
    with sinks.running("http") as port:
        url = databases.new("many")
        owing.owe(url, notices, [owing.robot(port)], people)
        measured, early = _watched(url, notices)
        databases.drop("many")
    return (f"{notices:,}", f"{people:,}", f"{measured.seconds:.0f}", f"{measured.rate:,.0f}",
            f"{early:.0f}", f"{measured.peak:.0f}")  # fmt: skip


def _watched(url: str, notices: int) -> tuple[Measured, float]:
    """The whole, and the peak of memory after a tenth of it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "peak"
        measured = alone(watched, url, notices // 10, str(file))
        return measured, float(file.read_text())


def watched(url: str, early: int, file: str) -> Measured:
    """Everything that is due; notes the peak of memory once `early` notices are through."""
    ledger, mark = connect(url), outbox.mark
    seen = 0

    def noting(*arguments: Any, **more: Any) -> Any:
        nonlocal seen
        counts = mark(*arguments, **more)
        before, seen = seen, seen + counts["sent"]
        if before < early <= seen:
            Path(file).write_text(str(peak()))
        return counts

    outbox.mark = noting
    with TemporaryDirectory() as folder:
        watch = Watch()
        counts = sending.deliver(ledger, owing.AT, Path(folder))
        return watch.done(counts["sent"])
