"""One mail over SMTP (RFC 5321), on a connection that is kept for the next one.

Until the server has agreed to take the text (354 after DATA) nothing can have arrived; from
then on nobody knows unless it answers, and the mail is never sent a second time from here.
"""

import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from models.delivery import DeliveryOutcome
from notices.channels.answers import MAYBE, Answer, accepted
from notices.channels.kept import Pool
from notices.channels.letter import Letter
from notices.channels.smtp_codes import judge
from notices.message import one_line

GONE = 421
AGREED = 354
_IMPATIENT = 3.0
"""Seconds a kept connection may take to answer the first command: it may have died unheard."""
_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Login:
    """With whom we speak, and as whom. `mode` is "insecure", "starttls" or "ssl"."""

    host: str
    port: int
    mode: str
    user: str
    password: str = field(repr=False)
    verified: bool = True
    """Whether the server must prove who it is."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not a mistake
    """The server said no to a command."""

    def __init__(self, step: str, code: int, text: bytes) -> None:
        super().__init__(code)
        self.step, self.code, self.text = step, code, text


class Line:
    """One connection, signed in. Its commands raise Refusal unless they are agreed to."""

    def __init__(self, login: Login, silence: float) -> None:
        self.opened, self.used, self.clean = time.monotonic(), 0, True
        self.smtp = _connect(login, silence)

    def wait(self, silence: float) -> None:
        """How long any one answer may take."""
        if self.smtp.sock is not None:
            self.smtp.sock.settimeout(silence)

    def mail(self, letter: Letter) -> None:
        """From whom."""
        if not self.clean:
            _agreed("RSET", self.smtp.rset(), 250)
        options = [f"size={len(letter.data)}"] if self.smtp.has_extn("size") else []
        self.used, self.clean = self.used + 1, False
        _agreed("MAIL", self.smtp.mail(letter.sender, options), 250)

    def recipients(self, letter: Letter) -> None:
        """To whom: to all of them or to nobody, so that "accepted" is true for each."""
        for address in letter.recipients:
            _agreed("RCPT", self.smtp.rcpt(address), 250, 251, 252)
        _agreed("DATA", self.smtp.docmd("DATA"), AGREED)

    def text(self, letter: Letter) -> tuple[int, bytes]:
        """What is written; gives the server's answer."""
        end = b".\r\n" if letter.data.endswith(b"\r\n") else b"\r\n.\r\n"
        self.smtp.send(_DOT.sub(b"..", letter.data) + end)
        return self.smtp.getreply()

    def close(self) -> None:
        """Take leave without waiting for an answer."""
        with suppress(OSError, smtplib.SMTPException):
            self.smtp.putcmd("QUIT")
        self.smtp.close()


POOL: Pool[Login, Line] = Pool()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=POOL.forget)


def post(login: Login, letter: Letter, silence: float) -> Answer:
    """Post a letter and say what became of it. No single silence may be longer than `silence` s.

    Raises OSError where the server cannot be reached.
    """
    try:
        line = _begun(login, letter, silence)
    except (Refusal, smtplib.SMTPException, ssl.SSLError) as error:
        return _nothing_went(error)
    try:
        line.recipients(letter)
    except Refusal as no:
        _give_back(login, line, no.code)
        return _nothing_went(no)
    except (smtplib.SMTPException, OSError) as error:
        line.close()
        return _nothing_went(error)
    return _finished(login, line, letter)


def _begun(login: Login, letter: Letter, silence: float) -> Line:
    """A connection on which a mail has begun. A kept one that will not is replaced, once."""
    kept = POOL.take(login)
    if kept is not None:
        try:
            kept.wait(min(silence, _IMPATIENT))
            kept.mail(letter)
            kept.wait(silence)
            return kept
        except (Refusal, smtplib.SMTPException, OSError):
            kept.close()
    line = Line(login, silence)
    try:
        line.mail(letter)
    except BaseException:
        line.close()
        raise
    return line


def _finished(login: Login, line: Line, letter: Letter) -> Answer:
    try:
        code, text = line.text(letter)
    except (smtplib.SMTPException, OSError):
        line.close()
        return _unknown("邮件传送中连接中断，没有收到答复")
    if not 200 <= code < 600 or 300 <= code < 400:
        line.close()
        return _unknown(f"邮件传送后服务器答非所问（{code}）")
    line.clean = code < 300
    _give_back(login, line, code)
    return accepted(letter.message_id) if code < 300 else judge("DATA", code, text)


def _give_back(login: Login, line: Line, code: int) -> None:
    if code == GONE:
        line.close()
    else:
        POOL.give(login, line)


def _agreed(step: str, answer: tuple[int, bytes], *good: int) -> None:
    if answer[0] not in good:
        raise Refusal(step, *answer)


# -- connecting --------------------------------------------------------------------------------


def _connect(login: Login, silence: float) -> smtplib.SMTP:
    smtp = _opened(login, silence)
    try:
        if login.mode == "starttls":
            smtp.starttls(context=_context(login.verified))
        if login.user:
            smtp.login(login.user, login.password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _opened(login: Login, silence: float) -> smtplib.SMTP:
    where = (login.host, login.port, _here())
    if login.mode == "ssl":
        return smtplib.SMTP_SSL(*where, timeout=silence, context=_context(login.verified))
    return smtplib.SMTP(*where, timeout=silence)


@cache
def _context(verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@cache
def _here() -> str:
    """How we call ourselves (RFC 5321, 4.1.4): looked up once, for the question may take long."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


# -- what it amounts to ------------------------------------------------------------------------


def _nothing_went(error: BaseException) -> Answer:
    """Judge what went wrong before any of the text was sent."""
    for kind, verdict in _BEFORE:
        if isinstance(error, kind):
            return verdict(error)
    raise error


def _said(outcome: DeliveryOutcome, words: str) -> Callable[[Any], Answer]:
    return lambda error: Answer(outcome, one_line(f"{words}：{_cause(error)}", 300))


def _cause(error: BaseException) -> str:
    verified = getattr(error, "verify_message", "")
    return str(verified or getattr(error, "reason", "") or error or type(error).__name__)


def _unknown(words: str) -> Answer:
    return Answer(DeliveryOutcome.UNKNOWN, f"{words}，{MAYBE}")


_WRONG = DeliveryOutcome.MISCONFIGURED
_LATER = DeliveryOutcome.TEMPORARY
_MODE = "请管理员核对渠道地址的端口和加密方式（mode=ssl 用 465，mode=starttls 用 587）"

# The first row that fits decides. What is not here flies on.
_BEFORE: tuple[tuple[Any, Callable[[Any], Answer]], ...] = (
    (Refusal, lambda no: judge(no.step, no.code, no.text)),
    (smtplib.SMTPAuthenticationError, lambda no: judge("AUTH", no.smtp_code, no.smtp_error)),
    (smtplib.SMTPResponseException, lambda no: judge("HELO", no.smtp_code, no.smtp_error)),
    (smtplib.SMTPServerDisconnected, _said(_LATER, "邮件传送前连接中断")),
    (smtplib.SMTPException, _said(_WRONG, f"邮件服务器不支持所要求的方式，{_MODE}")),
    (ssl.SSLCertVerificationError, _said(_WRONG, "邮件服务器的证书不可信，请管理员更换证书")),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), _said(_LATER, "加密连接中断")),
    (ssl.SSLError, _said(_WRONG, f"不能与邮件服务器建立加密连接，{_MODE}")),
)
