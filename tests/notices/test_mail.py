"""Mail over a real SMTP conversation: what arrives, and what is said when it does not."""

import email
import email.policy
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage

import pytest
from notice_servers import (
    Post,
    drip,
    fall_silent,
    free_port,
    hang_up,
    mail_server,
    mailbox,
    server,
    smtp_until,
)

from models.delivery import DeliveryOutcome
from notices.channels import ChannelTrouble, check, outlet, send
from notices.channels.kept import Pool
from notices.channels.smtp import POOL
from notices.message import Message


@pytest.fixture(autouse=True)
def _no_lines_of_another_test() -> Iterator[None]:
    yield
    POOL.clear()


def read(post: Post, n: int = 0) -> EmailMessage:
    content = post.taken[n].content
    assert isinstance(content, bytes)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_mail_arrives_with_its_chinese_subject_and_plain_body(message: Message) -> None:
    post = Post()
    with mail_server(post) as url:
        answer = send(url, message)
    mail = read(post)
    assert answer.outcome is DeliveryOutcome.SENT
    assert post.taken[0].rcpt_tos == ["bob@city.example"]
    assert mail["Subject"] == message.subject
    assert mail["From"].addresses[0].addr_spec == "duban@city.example"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == message.body.splitlines()


def test_a_forged_subject_adds_no_header(message: Message) -> None:
    post = Post()
    forged = Message("市场\r\nBcc: mallory@evil.example\r\n\r\n正文", message.body, message.at)
    with mail_server(post) as url:
        send(url, forged)
    assert read(post)["Bcc"] is None
    assert post.taken[0].rcpt_tos == ["bob@city.example"]


def test_the_body_cannot_end_the_mail_early(message: Message) -> None:
    post = Post()
    dotted = Message(message.subject, "一\n.\nQUIT\n二", message.at)
    with mail_server(post) as url:
        send(url, dotted)
    assert read(post).get_content().splitlines() == ["一", ".", "QUIT", "二"]


@pytest.mark.parametrize(
    ("post", "outcome", "words"),
    [
        (Post(recipient="550 5.1.1 no such user"), DeliveryOutcome.PERMANENT, "550：5.1.1 no such"),
        (
            Post(recipient="451 4.7.1 greylisted"),
            DeliveryOutcome.TEMPORARY,
            "451：4.7.1 greylisted",
        ),
        (Post(data="554 5.7.1 looks like spam"), DeliveryOutcome.PERMANENT, "554：5.7.1 looks"),
        (Post(data="452 4.3.1 disk full"), DeliveryOutcome.TEMPORARY, "452：4.3.1 disk full"),
    ],
    ids=["550", "451", "554", "452"],
)
def test_the_words_of_the_mail_server_are_the_answer(
    post: Post, outcome: DeliveryOutcome, words: str, message: Message
) -> None:
    with mail_server(post) as url:
        answer = send(url, message)
    assert answer.outcome is outcome
    assert words in answer.answer
    assert not post.taken


def test_an_optional_or_repeating_address_does_not_hide_a_refusal(message: Message) -> None:
    with mail_server(Post(recipient="550 no")) as url:
        answer = send(f"{url}&optional=yes&retry=5&wait=3", message, timeout=2)
    assert answer.outcome is DeliveryOutcome.PERMANENT


def test_a_mail_server_that_is_down_may_be_up_later(message: Message) -> None:
    answer = send(mailbox(free_port()), message)
    assert answer.outcome is DeliveryOutcome.TEMPORARY
    assert "refused" in answer.answer


@pytest.mark.parametrize("step", [b"MAIL", b"RCPT"])
def test_a_hang_up_before_the_mail_went_over_is_temporary(step: bytes, message: Message) -> None:
    with server(smtp_until(step, hang_up)) as port:
        answer = send(mailbox(port), message)
    assert answer.outcome is DeliveryOutcome.TEMPORARY


@pytest.mark.parametrize("then", [hang_up, fall_silent])
def test_no_answer_after_the_mail_went_over_is_unknown(
    then: Callable[[socket.socket], None], message: Message
) -> None:
    with server(smtp_until(b".", then)) as port:
        answer = send(mailbox(port), message, timeout=0.5)
    assert answer.outcome is DeliveryOutcome.UNKNOWN
    assert "可能已经收到" in answer.answer


def test_a_mail_server_that_never_greets_is_temporary(message: Message) -> None:
    with server(fall_silent) as port:
        answer = send(mailbox(port), message, timeout=2.0)
    assert answer.outcome is DeliveryOutcome.TEMPORARY


def test_a_dripping_mail_server_does_not_hold_us_beyond_the_limit(message: Message) -> None:
    with server(drip) as port:
        answer = send(mailbox(port), message, timeout=0.5)
    assert answer.outcome is DeliveryOutcome.UNKNOWN
    assert "0.5 秒" in answer.answer


def test_a_refused_login_is_for_the_administrator_and_does_not_repeat_the_password(
    message: Message,
) -> None:
    def login(caller: socket.socket) -> None:
        caller.sendall(b"220 ready\r\n")
        for line in caller.makefile("rb"):
            if line.upper().startswith(b"EHLO"):
                caller.sendall(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n")
            elif line.upper().startswith(b"AUTH"):
                caller.sendall(b"535 5.7.8 s3cretT0ken is no password of duban\r\n")
            else:
                caller.sendall(b"250 OK\r\n")

    with server(login) as port:
        url = f"mailto://duban:s3cretT0ken@127.0.0.1:{port}?from=duban@city.example&to=bob@city.example"
        answer = send(url, message)
    assert answer.outcome is DeliveryOutcome.MISCONFIGURED
    assert "535" in answer.answer
    assert "授权码" in answer.answer
    assert "s3cretT0ken" not in answer.answer


# -- what the mail says of itself ----------------------------------------------------------------


def test_a_mail_says_it_was_made_by_a_machine_and_which_case_it_belongs_to(
    message: Message,
) -> None:
    post = Post()
    about = replace(message, key="n:2026-000123:1", thread="2026-000123")
    with mail_server(post) as url:
        answer = send(url, about)
        send(url, replace(about, key="n:2026-000123:2"))
    first, second = read(post), read(post, 1)
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert first["Date"].datetime == message.at
    assert first["In-Reply-To"] == first["References"] == "<case.2026-000123@city.example>"
    assert second["References"] == first["References"]
    assert second["Message-ID"] != first["Message-ID"] == answer.receipt
    assert re.fullmatch(r"<m\.n-2026-000123-1\.[0-9a-f]{16}@city\.example>", answer.receipt)


def test_html_goes_beside_the_plain_text_for_those_who_cannot_show_it(message: Message) -> None:
    post = Post()
    with mail_server(post) as url:
        send(url, replace(message, html="<p>垃圾<b>堆积</b></p>"))
    mail = read(post)
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().splitlines() == message.body.splitlines()  # type: ignore[union-attr]
    assert html.get_content().strip() == "<p>垃圾<b>堆积</b></p>"  # type: ignore[union-attr]


def test_headers_that_go_with_a_message_arrive_whole_however_long(message: Message) -> None:
    away = f"<https://duban.example/account/notices?{'x' * 200}>"
    post = Post()
    with mail_server(post) as url:
        send(url, replace(message, headers={"List-Unsubscribe": away, "X-City": "澄岚市"}))
    content = post.taken[0].content
    assert isinstance(content, bytes)
    assert f"List-Unsubscribe: {away}\r\n".encode() in content
    assert read(post)["X-City"] == "澄岚市"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A\r\nBcc", "mallory@evil.example"),
        ("X-A", "1\r\nBcc: mallory@evil.example"),
        ("X-A", "1\nBcc: mallory@evil.example"),
        ("Bcc", "mallory@evil.example"),
        ("From", "mallory@evil.example"),
        ("Content-Type", "text/html"),
        ("Auto-Submitted", "no"),
    ],
)
def test_no_header_is_forged_by_what_a_message_carries(
    name: str, value: str, message: Message
) -> None:
    post = Post()
    with mail_server(post) as url:
        send(url, replace(message, key="a\r\nBcc: x@y.example", headers={name: value}))
    mail = read(post)
    assert mail["Bcc"] is None
    assert mail["From"].addresses[0].addr_spec == "duban@city.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == message.body.splitlines()
    assert post.taken[0].rcpt_tos == ["bob@city.example"]


def test_a_name_in_chinese_a_copy_and_an_answer_address_are_taken_from_the_address(
    message: Message,
) -> None:
    post = Post()
    more = "&name=督办&cc=carol@city.example&bcc=alice@city.example&reply=in@city.example&receipt=1"
    with mail_server(post) as url:
        send(url + more, message)
    mail = read(post)
    assert mail["From"].addresses[0].display_name == "督办"
    assert mail["Cc"] == "carol@city.example"
    assert mail["Reply-To"] == "in@city.example"
    assert mail["Disposition-Notification-To"] == "<duban@city.example>"
    assert mail["Bcc"] is None
    assert sorted(post.taken[0].rcpt_tos) == [
        "alice@city.example", "bob@city.example", "carol@city.example",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        "&name=a%0D%0ABcc:%20mallory@evil.example",
        "&name=%E7%9D%A3%0ABcc:%20mallory@evil.example",
        "&cc=carol@city.example%0D%0ABcc:%20mallory@evil.example",
        "&reply=carol@city.example%0D%0ABcc:%20mallory@evil.example",
        "&+X-A=1%0D%0ABcc:%20mallory@evil.example",
        "&+Bcc=mallory@evil.example",
    ],
)
def test_no_header_is_forged_by_an_address(more: str, message: Message) -> None:
    post = Post()
    with mail_server(post) as url:
        send(url + more, message)
    for taken in post.taken:
        assert email.message_from_bytes(taken.content)["Bcc"] is None  # type: ignore[arg-type]


def test_every_line_of_a_mail_is_plain_ascii_and_not_too_long(message: Message) -> None:
    post = Post()
    long = replace(message, subject="督办" * 60, body="一" * 5_000, html=f"<p>{'长' * 5_000}</p>")
    with mail_server(post) as url:
        send(url, long)
    content = post.taken[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert read(post)["Subject"] == long.subject
    plain, _ = read(post).iter_parts()
    assert plain.get_content().strip() == long.body  # type: ignore[union-attr]


def test_an_address_that_asks_for_encryption_is_refused_rather_than_sent_in_the_clear() -> None:
    with pytest.raises(ChannelTrouble):
        check("mailto://mail.example?from=a@b.example&to=bob@city.example&pgp=encrypt")


def test_recipients_of_one_login_share_an_outlet_and_other_logins_have_their_own() -> None:
    base = "mailtos://{}:secret@mail.example?from=a@b.example&to={}@city.example"
    bob, carol = outlet(base.format("duban", "bob")), outlet(base.format("duban", "carol"))
    other = outlet(base.format("other", "bob"))
    assert bob.digest == carol.digest != other.digest
    assert "secret" not in bob.key


# -- connections that are kept -------------------------------------------------------------------


def test_mails_one_after_another_go_over_one_connection(message: Message) -> None:
    post = Post()
    with mail_server(post) as url:
        for _ in range(5):
            assert send(url, message).outcome is DeliveryOutcome.SENT
    assert len(post.taken) == 5
    assert len(set(post.callers)) == 1


def test_a_refused_recipient_does_not_spoil_the_connection_for_the_next(message: Message) -> None:
    post = Post()
    with mail_server(post) as url:
        send(url, message)
        post.recipient = "550 5.1.1 no such user"
        assert send(url, message).outcome is DeliveryOutcome.PERMANENT
        post.recipient = "250 OK"
        assert send(url, message).outcome is DeliveryOutcome.SENT
    assert len(set(post.callers)) == 1


def test_one_refused_recipient_of_several_means_nobody_was_told(message: Message) -> None:
    class Picky(Post):
        async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def]  # noqa: N802
            if address.startswith("carol"):
                return "550 5.1.1 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    post = Picky()
    with mail_server(post) as url:
        answer = send(f"{url}&cc=carol@city.example", message)
    assert answer.outcome is DeliveryOutcome.PERMANENT
    assert not post.taken


def test_many_threads_never_share_a_connection(message: Message) -> None:
    post = Post()
    with mail_server(post) as url, ThreadPoolExecutor(8) as senders:
        messages = [replace(message, key=f"n{n}") for n in range(40)]
        answers = list(senders.map(lambda each: send(url, each), messages))
    assert {answer.outcome for answer in answers} == {DeliveryOutcome.SENT}
    ids = {str(read(post, n)["Message-ID"]) for n in range(len(post.taken))}
    assert ids == {answer.receipt for answer in answers}
    assert len(set(post.callers)) <= 8


class Wire:
    """A connection that only knows whether it was closed."""

    def __init__(self, opened: float = 0, used: int = 1) -> None:
        self.opened, self.used, self.closed = opened, used, False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def pool(clock: list[float]) -> Pool[str, Wire]:
    return Pool(most=2, idle=30, age=300, uses=50, clock=lambda: clock[0])


def test_a_kept_connection_is_given_to_its_own_login_once(pool: Pool[str, Wire]) -> None:
    wire = Wire()
    pool.give("duban", wire)
    assert pool.take("other") is None
    assert pool.take("duban") is wire
    assert pool.take("duban") is None


@pytest.mark.parametrize("later", [30, 300])
def test_what_has_lain_too_long_is_closed_and_not_used(
    later: int, pool: Pool[str, Wire], clock: list[float]
) -> None:
    wire = Wire()
    pool.give("duban", wire)
    clock[0] = later
    assert pool.take("duban") is None
    assert wire.closed


@pytest.mark.parametrize("wire", [Wire(used=50), Wire(opened=-300)])
def test_a_connection_that_has_served_is_not_kept(wire: Wire, pool: Pool[str, Wire]) -> None:
    pool.give("duban", wire)
    assert wire.closed
    assert len(pool) == 0


def test_no_more_connections_are_kept_than_there_is_room_for(pool: Pool[str, Wire]) -> None:
    wires = [Wire() for _ in range(3)]
    for wire in wires:
        pool.give("duban", wire)
    assert len(pool) == 2
    assert [wire.closed for wire in wires] == [True, False, False]


def test_a_child_process_uses_no_connection_of_its_parent(pool: Pool[str, Wire]) -> None:
    wire = Wire()
    pool.give("duban", wire)
    pool.forget()
    assert pool.take("duban") is None
    assert not wire.closed
