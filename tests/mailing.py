"""Mail in tests: a notice that went out by mail, and what comes back for it."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from documents.store import Store
from ledger.changes import table
from ledger.outlets import channel_row
from models.delivery import Delivery
from models.incoming import Incoming
from models.notice import Notice
from models.person import Channel, Person, Way
from notices.vault import Vault, new_key
from tasks.receiving import Post, Received, receive
from tests.world import World

MAILBOX = "mailto://mail.example?from=duban@city.example&to={}@city.example"


class Mails:
    """The mail of a small city: Bob has a mailbox, and what comes in is taken in."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.post = Post(world.ledger, Store(str(folder / "photos")), Vault([new_key()]))
        self.of("bob")

    def of(self, who: str, position: int = 5) -> None:
        """Give somebody a mailbox, sealed; it comes after their other channels."""
        people = table(Person)
        with self.world.ledger.transaction() as connection:
            query = sa.select(people.c.id).where(people.c.code == who)
            person = connection.execute(query).scalar_one()
            way = Way(self.post.vault.seal(MAILBOX.format(who)))
            row = channel_row(person, position, way)
            connection.execute(sa.insert(table(Channel)).values(row))

    def sent(
        self, who: str = "Bob", message_id: str = "m.1@city.example", about: str = ""
    ) -> list[Any]:
        """Let what somebody was sent last, of one case if it is named, have gone out under a
        Message-ID; gives the notices."""
        attempts = table(Delivery)
        [person] = self.world.rows(Person, table(Person).c.name == who)
        rows = table(Notice)
        of = rows.c.case_id == self.world.case(about).id if about else sa.true()
        notices = self.world.rows(Notice, rows.c.person_id == person.id, of)
        last = [row for row in notices if row.owed_at == max(n.owed_at for n in notices)]
        with self.world.ledger.transaction() as connection:
            done = connection.execute(
                sa.update(attempts)
                .where(attempts.c.notice_id.in_([notice.id for notice in last]))
                .values(receipt=f"<{message_id}>")
            )
            assert done.rowcount, f"{who} was sent nothing of it"
        return last

    def comes(self, data: bytes) -> Received:
        """A mail comes in at the clock of the world."""
        return receive(self.post, data, self.world.now)

    @property
    def kept(self) -> list[Any]:
        """What was kept of all mails, in order."""
        return list(self.world.rows(Incoming))


def reply(
    text: str = "已整改，请核查。",
    sender: str = "Bob <bob@city.example>",
    to: str = "m.1@city.example",
    message_id: str = "1@phone.example",
    pictures: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail that answers one of ours."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = sender, "Re: 【交办】", f"<{message_id}>"
    if to:
        mail["In-Reply-To"] = f"<{to}>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"{text}\n\n在 2026-09-24，督办 <duban@city.example> 写道：\n> 请整改\n")
    for name, data in pictures:
        kind = "jpeg" if name.endswith(".jpg") else "pdf"
        main = "image" if kind == "jpeg" else "application"
        mail.add_attachment(data, maintype=main, subtype=kind, filename=name)
    return mail.as_bytes()


def bounce(
    action: str = "failed", to: str = "m.1@city.example", words: str = "no such user"
) -> bytes:
    """A mail system's report on one of ours."""
    status = "5.1.1" if action == "failed" else "4.4.1"
    return (
        "From: MAILER-DAEMON@city.example\nMessage-ID: <b@city.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; city.example\n\n"
        f"Final-Recipient: rfc822; bob@city.example\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {words}\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: <{to}>\n\nx\n\n--b--\n"
    ).encode()


def displayed(to: str = "m.1@city.example") -> bytes:
    """A read receipt for one of ours."""
    return (
        "From: bob@city.example\nMessage-ID: <r@x>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
        "--b\nContent-Type: message/disposition-notification\n\n"
        f"Original-Message-ID: <{to}>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    ).encode()
