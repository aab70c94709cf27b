"""What an attempt came to: told apart by its true cause, in words a supervisor can act on."""

import os
import re
import smtplib
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from models.delivery import DeliveryOutcome
from notices.channels.listening import Heard
from notices.message import one_line

ACCEPTED = "渠道已接收"
MAYBE = "对方可能已经收到"

_LENGTH = 300
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")
_SMTP_REFUSED = re.compile(r"was refused: (\d{3}) (.*)", re.DOTALL)

# RFC 9110, RFC 6585: the server asks to come back. Every 5xx means the same.
_COME_BACK = frozenset({408, 421, 425, 429})


class Answer(NamedTuple):
    """What is known of one attempt, and what the channel said."""

    outcome: DeliveryOutcome
    answer: str


def accepted() -> Answer:
    """The channel took the message."""
    return Answer(DeliveryOutcome.SENT, ACCEPTED)


def unfinished(seconds: float) -> Answer:
    """There was no answer within the time limit: nobody knows."""
    return Answer(DeliveryOutcome.UNKNOWN, f"{seconds:g} 秒内没有结果，{MAYBE}")


def judge(heard: Heard) -> Answer:
    """What a failure heard of amounts to."""
    said = "\n".join(heard.warnings)
    if status := _HTTP_STATUS.search(said):
        return _of_http(int(status[1]), heard.reply)
    if heard.cause is not None:
        return _of_exception(heard.cause)
    if refused := _SMTP_REFUSED.search(said):
        return _of_smtp(int(refused[1]), refused[2])
    return _temporary(f"渠道没有受理，也没有说明原因：{said}")


def _of_exception(error: BaseException) -> Answer:
    verdict = next((verdict for kind, verdict in VERDICTS if isinstance(error, kind)), _puzzled)
    return verdict(error)


def _temporary(words: str) -> Answer:
    return Answer(DeliveryOutcome.TEMPORARY, one_line(words, _LENGTH))


def _permanent(words: str) -> Answer:
    return Answer(DeliveryOutcome.PERMANENT, one_line(words, _LENGTH))


def _unknown(words: str) -> Answer:
    return Answer(DeliveryOutcome.UNKNOWN, one_line(f"{words}，{MAYBE}", _LENGTH))


# HTTP.


def _of_http(status: int, reply: bytes) -> Answer:
    text = reply.decode(errors="replace")
    words = (
        f"HTTP {status} {_phrase(status)}：{text}" if text else f"HTTP {status} {_phrase(status)}"
    )
    later = status >= 500 or status in _COME_BACK
    return _temporary(words) if later else _permanent(words)


def _phrase(status: int) -> str:
    known = {code.value: code.phrase for code in HTTPStatus}
    return known.get(status, "")


def _lost(error: requests.ConnectionError) -> Answer:
    """Never connected, or connected and cut off: then the request may have been read."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return _unreachable(error)
    return _unknown("请求发出后连接中断，没有收到答复")


# SMTP.


def _of_smtp(code: int, text: bytes | str) -> Answer:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    words = f"SMTP {code}：{said}"
    return _permanent(words) if 500 <= code < 600 else _temporary(words)


def _refused(error: smtplib.SMTPRecipientsRefused) -> Answer:
    code, text = next(iter(error.recipients.values()))
    return _of_smtp(code, text)


def _replied(error: smtplib.SMTPResponseException) -> Answer:
    return _of_smtp(error.smtp_code, error.smtp_error)


def _hung_up(error: smtplib.SMTPServerDisconnected) -> Answer:
    """Before the message went over nothing can have arrived; from DATA on nobody knows."""
    steps = {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}
    if "data" in steps:
        return _unknown("邮件传送中连接中断，没有收到答复")
    return _temporary(f"邮件传送前连接中断：{error}")


# Both.


def _unreachable(error: BaseException) -> Answer:
    return _temporary(f"连接不上：{_root(error)}")


def _root(error: BaseException) -> str:
    """The system's own words for the deepest cause, never the address that was called."""
    while below := error.__cause__ or error.__context__:
        error = below
    number = getattr(error, "errno", None)
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _says(outcome: Callable[[str], Answer], words: str) -> Callable[[Any], Answer]:
    return lambda error: outcome(f"{words}：{_root(error)}")


def _puzzled(error: BaseException) -> Answer:
    return _unknown(f"渠道出错（{type(error).__name__}）")


# The first row that fits decides, so what is special stands before what is general: every
# exception of requests is also an OSError, most of smtplib's too.
VERDICTS: tuple[tuple[type[BaseException], Callable[[Any], Answer]], ...] = (
    (smtplib.SMTPRecipientsRefused, _refused),
    (smtplib.SMTPResponseException, _replied),
    (smtplib.SMTPServerDisconnected, _hung_up),
    (smtplib.SMTPException, _says(_permanent, "邮件服务器不支持所要求的方式")),
    (requests.ConnectTimeout, _unreachable),
    (requests.exceptions.ProxyError, _unreachable),
    (requests.exceptions.SSLError, _says(_temporary, "证书不可信")),
    (requests.ConnectionError, _lost),
    (requests.Timeout, lambda error: _unknown("请求发出后没有按时答复")),
    (requests.TooManyRedirects, _says(_permanent, "地址反复跳转")),
    (requests.exceptions.InvalidURL, _says(_permanent, "地址无效")),
    (requests.exceptions.InvalidSchema, _says(_permanent, "地址无效")),
    (requests.exceptions.InvalidHeader, _says(_permanent, "请求头无效")),
    (requests.RequestException, _puzzled),
    (UnicodeError, _says(_permanent, "内容或地址无法编码")),
    (OSError, _says(_temporary, "未能送出")),
)
