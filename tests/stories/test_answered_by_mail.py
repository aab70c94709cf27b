"""A notice goes out by mail, Bob answers from his phone with a picture, and everybody reads it."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import sqlalchemy as sa

from documents.store import Store
from ledger import sweeps
from ledger.changes import table
from models.delivery import Delivery
from models.person import Channel
from models.photo import Photo
from notices.channels.smtp import POOL
from notices.vault import Vault, new_key
from tasks import sending
from tasks.mailbox import take_all
from tasks.receiving import Post
from tests.notices.imap_server import Mailbox, imap_server
from tests.notices.notice_servers import Post as PostOffice
from tests.notices.notice_servers import mail_server
from tests.portal.programs import picture
from tests.world import World


def by_mail(world: World, url: str, vault: Vault) -> None:
    """One round of the engine in which Bob is reached by mail."""
    rows = table(Channel)
    with world.ledger.transaction() as connection:
        bob = sa.update(rows).where(rows.c.url == "folder://bob")
        connection.execute(bob.values(url=vault.seal(url)))
    sweeps.dispatch_filed(world.ledger, world.now)
    sending.deliver(world.ledger, world.now, world.folder, vault=vault)
    POOL.clear()


def answer_to(mail: EmailMessage, text: str) -> bytes:
    """What a phone makes of an answer: the thread in its headers, the quotation below the text."""
    reply = EmailMessage()
    reply["From"], reply["To"] = mail["To"], mail["From"]
    reply["Subject"] = f"回复：{mail['Subject']}"
    reply["Message-ID"] = "<answer@phone.example>"
    reply["In-Reply-To"] = mail["Message-ID"]
    reply["References"] = f"{mail['References']} {mail['Message-ID']}"
    quoted = "".join(f"> {line}\n" for line in mail.get_body(("plain",)).get_content().split("\n"))  # type: ignore[union-attr]
    reply.set_content(
        f"{text}\n\n发自我的iPhone\n\n> 在 2026年9月24日，15:00，督办 写道：\n{quoted}"
    )
    reply.add_attachment(picture(), maintype="image", subtype="jpeg", filename="IMG_1.jpg")
    return reply.as_bytes()


def test_bob_answers_the_mail_and_it_stands_in_the_record(
    sqlite_world: World, tmp_path: Path
) -> None:
    world, vault, office = sqlite_world, Vault([new_key()]), PostOffice()
    number = world.report("解放路1号", "井盖缺失")
    with mail_server(office) as url:
        by_mail(world, url, vault)
    [taken] = office.taken
    assert isinstance(taken.content, bytes)
    mail = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert number in str(mail["In-Reply-To"])
    [attempt] = world.rows(Delivery, table(Delivery).c.receipt != "")
    assert attempt.receipt == mail["Message-ID"]
    world.at("2026-09-24 17:20")
    box = Mailbox()
    box.put(answer_to(mail, "新井盖已装好，附照片。"))
    post = Post(world.ledger, Store(str(tmp_path / "photos")), vault, "city.example")
    with imap_server(box) as address:
        assert take_all(post, address, world.now) == {"reply": 1}
    record = world.thread(number).records[-1]
    assert (record.actor, record.words) == (
        "Bob", "邮件回复：新井盖已装好，附照片。（照片 1 张）",
    )  # fmt: skip
    [photo] = world.rows(Photo)
    assert (photo.case_id, photo.name) == (world.case(number).id, "IMG_1.jpg")
    assert world.proven()
