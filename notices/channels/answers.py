"""What an attempt came to: told apart by its true cause, in words a supervisor can act on."""

import os
import re
import smtplib
import traceback
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from models.delivery import DeliveryOutcome
from notices.channels.listening import Heard
from notices.message import one_line

ACCEPTED = "渠道已接收"
MAYBE = "对方可能已经收到"

LENGTH = 300
"""So many characters of an answer are kept."""

# Longer than what is kept: a secret is taken out before the text is cut, or half of it would stay.
_RAW = 10 * LENGTH

_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")
_SMTP_REFUSED = re.compile(r"was refused: (\d{3}) (.*)", re.DOTALL)

_BY_STATUS = MappingProxyType(
    {
        # The address, its login or the way through the proxy must be mended first.
        401: DeliveryOutcome.MISCONFIGURED,
        403: DeliveryOutcome.MISCONFIGURED,
        404: DeliveryOutcome.MISCONFIGURED,
        407: DeliveryOutcome.MISCONFIGURED,
        410: DeliveryOutcome.MISCONFIGURED,
        # RFC 9110, RFC 6585: the server asks to come back.
        408: DeliveryOutcome.TEMPORARY,
        421: DeliveryOutcome.TEMPORARY,
        425: DeliveryOutcome.TEMPORARY,
        429: DeliveryOutcome.TOO_FAST,
        503: DeliveryOutcome.TEMPORARY,
    }
)

# By hundreds, where nothing is said of the status itself. What is redirected is not followed:
# somebody moved the address, or put a login before it.
_BY_CLASS = MappingProxyType(
    {
        3: DeliveryOutcome.MISCONFIGURED,
        4: DeliveryOutcome.PERMANENT,
        # It broke while it worked on the message, perhaps after it had passed it on.
        5: DeliveryOutcome.UNKNOWN,
    }
)


class Answer(NamedTuple):
    """What is known of one attempt, and what the channel said.

    `receipt` is by what name the service knows the message, `again` when it asks to be called
    again.
    """

    outcome: DeliveryOutcome
    answer: str
    receipt: str = ""
    again: timedelta | None = None


def accepted(receipt: str = "") -> Answer:
    """The channel took the message, and calls it `receipt`."""
    return Answer(DeliveryOutcome.SENT, ACCEPTED, receipt)


def unfinished(seconds: float) -> Answer:
    """There was no answer within the time limit: nobody knows."""
    return Answer(DeliveryOutcome.UNKNOWN, f"{seconds:g} 秒内没有结果，{MAYBE}")


def judge(heard: Heard) -> Answer:
    """What a failure heard of amounts to."""
    said = "\n".join(heard.warnings)
    if status := _HTTP_STATUS.search(said):
        return of_http(int(status[1]), heard.reply)
    if heard.cause is not None:
        return of_exception(heard.cause)
    if refused := _SMTP_REFUSED.search(said):
        return _of_smtp(int(refused[1]), refused[2])
    return _temporary(f"渠道没有受理，也没有说明原因：{said}")


def of_exception(error: BaseException) -> Answer:
    """What an exception amounts to."""
    verdict = next((verdict for kind, verdict in VERDICTS if isinstance(error, kind)), _puzzled)
    return verdict(error)


def refused(outcome: DeliveryOutcome, words: str, again: timedelta | None = None) -> Answer:
    """The channel did not take the message, in `words` of any length."""
    return Answer(outcome, one_line(words, _RAW), again=again)


def strange(words: str) -> Answer:
    """Somebody answered what this service never answers: the message may have arrived."""
    said = f"对方的答复不是该服务应有的答复，{MAYBE}，请核对渠道地址：{words or '空'}"
    return refused(DeliveryOutcome.UNKNOWN, said)


def beforehand(answer: Answer) -> Answer:
    """`answer` when nothing had been sent yet: an unknown end is then a failure like others."""
    if answer.outcome is not DeliveryOutcome.UNKNOWN:
        return answer
    words = answer.answer.replace(f"，{MAYBE}", "")
    return answer._replace(
        outcome=DeliveryOutcome.TEMPORARY, answer=f"消息尚未发出，登录未完成：{words}"
    )


def _temporary(words: str) -> Answer:
    return refused(DeliveryOutcome.TEMPORARY, words)


def _permanent(words: str) -> Answer:
    return refused(DeliveryOutcome.PERMANENT, words)


def _misconfigured(words: str) -> Answer:
    return refused(DeliveryOutcome.MISCONFIGURED, words)


def _unknown(words: str) -> Answer:
    return refused(DeliveryOutcome.UNKNOWN, f"{words}，{MAYBE}")


# HTTP.


def of_http(status: int, reply: bytes, again: timedelta | None = None) -> Answer:
    """What an HTTP status that is no success amounts to; `again` is its Retry-After."""
    outcome = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, DeliveryOutcome.UNKNOWN)
    text = reply.decode(errors="replace").strip()
    words = f"HTTP {status} {_phrase(status)}".rstrip()
    if outcome is DeliveryOutcome.UNKNOWN:
        words = f"{words}，{MAYBE}"
    return refused(outcome, f"{words}：{text}" if text else words, again)


def _phrase(status: int) -> str:
    known = {code.value: code.phrase for code in HTTPStatus}
    return known.get(status, "")


def _lost(error: requests.ConnectionError) -> Answer:
    """Never connected, or connected and cut off: then the request may have been read."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return _unreachable(error)
    return _unknown("请求发出后连接中断，没有收到答复")


def _insecure(error: requests.exceptions.SSLError) -> Answer:
    """A certificate stays untrusted until somebody mends it; a broken handshake may pass."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error) or "doesn't match" in str(error):
        return _misconfigured(
            "对方的证书不可信：请核对渠道地址，并检查服务器时间；"
            "私有部署请把单位的根证书装进系统或设置 REQUESTS_CA_BUNDLE"
        )
    return _temporary(f"加密连接没有建立：{_root(error)}")


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
    (requests.exceptions.SSLError, _insecure),
    (requests.ConnectionError, _lost),
    (requests.Timeout, lambda error: _unknown("请求发出后没有按时答复")),
    (requests.TooManyRedirects, _says(_permanent, "地址反复跳转")),
    (requests.exceptions.InvalidURL, _says(_permanent, "地址无效")),
    (requests.exceptions.InvalidSchema, _says(_permanent, "地址无效")),
    (requests.exceptions.InvalidHeader, _says(_permanent, "请求头无效")),
    (requests.RequestException, _puzzled),
    (HTTPError, lambda error: _unknown("答复没有收完连接就中断了")),
    (UnicodeError, _says(_permanent, "内容或地址无法编码")),
    (OSError, _says(_temporary, "未能送出")),
)
