"""Mail over a real SMTP conversation: what arrives, and what is said when it does not."""

import email
import email.policy
import socket
from collections.abc import Callable
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
from notices.channels import send
from notices.message import Message


def read(post: Post) -> EmailMessage:
    content = post.taken[0].content
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


def test_a_refused_login_is_permanent_and_does_not_repeat_the_password(message: Message) -> None:
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
    assert answer.outcome is DeliveryOutcome.PERMANENT
    assert "535" in answer.answer
    assert "s3cretT0ken" not in answer.answer
