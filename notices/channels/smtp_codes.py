"""What a mail server's refusal amounts to, by its code and its words (RFC 5321, RFC 3463)."""

import re
from datetime import timedelta
from typing import NamedTuple

from models.delivery import DeliveryOutcome as Outcome
from notices.channels.answers import Answer
from notices.message import one_line

_LENGTH = 300


class Row(NamedTuple):
    """One line of the table: which replies, at which command, and what is to be done."""

    step: str
    """A regular expression for the command that was answered: MAIL, RCPT, DATA, AUTH, …"""
    said: str
    """A regular expression for the whole reply, "550 5.1.1 no such user"."""
    outcome: Outcome
    advice: str = ""


_RATE = (
    r"too (many|much|fast|frequent)|rate.?limit|(rate|frequency|limit|quota) (was |is |has been )?"
    r"(exceed|reached|limited)|exceed\w* (the )?(max\w* )?(rate|limit|quota|number)|throttl"
    r"|unusual rate|MI:SFQ|RP:QRC|过快|频率|超过.{0,8}限制"
)

# The first row that fits decides.
ROWS = (
    Row("", r"too many hops|5\.4\.6", Outcome.PERMANENT),
    Row("", rf"^[45]\d\d .*({_RATE})", Outcome.TOO_FAST),
    Row(
        "", r"^(535|534|530|538)|^5\d\d 5\.7\.[89]\b", Outcome.MISCONFIGURED,
        "登录被拒，请管理员核对渠道地址里的用户名和口令（多数邮箱要用授权码，不是登录密码）",
    ),
    Row(
        "AUTH", r"^5", Outcome.MISCONFIGURED,
        "登录被拒，请管理员核对渠道地址里的用户名、口令和加密方式（mode=ssl 或 starttls）",
    ),
    Row(
        "", r"^5\d\d .*relay", Outcome.MISCONFIGURED,
        "服务器不替我们转发，请管理员在渠道地址里写登录名和口令，或在服务器上允许本机转发",
    ),
    Row(
        "MAIL", r"^5", Outcome.MISCONFIGURED,
        "发件地址被拒，请管理员核对渠道地址里的 from：多数邮箱要求它就是登录的账号",
    ),
    Row("", r"^5", Outcome.PERMANENT),
    Row("", r"", Outcome.TEMPORARY),
)  # fmt: skip

_WAIT = re.compile(
    r"(?:in|after|wait|for)\s+(?P<n>\d{1,5})\s*(?P<unit>s|m|h)(?:ec|in|our)?", re.IGNORECASE
)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


def judge(step: str, code: int, text: bytes | str) -> Answer:
    """What a reply that was no consent amounts to."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    whole = f"{code} {' '.join(said.split())}"
    row = next(row for row in ROWS if _fits(row, step, whole))
    words = f"SMTP {code}：{said}" + (f"。{row.advice}" if row.advice else "")
    later = row.outcome in (Outcome.TEMPORARY, Outcome.TOO_FAST)
    return Answer(row.outcome, one_line(words, _LENGTH), again=_again(whole) if later else None)


def _fits(row: Row, step: str, said: str) -> bool:
    return (not row.step or row.step == step) and bool(re.search(row.said, said, re.IGNORECASE))


def _again(said: str) -> timedelta | None:
    """Greylisting tells how long to wait: "try again in 300 seconds"."""
    found = _WAIT.search(said)
    if found is None:
        return None
    return min(int(found["n"]) * _UNITS[found["unit"].lower()], timedelta(days=1))
