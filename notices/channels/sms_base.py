"""What the SMS gateways have in common: their addresses, the text, and codes that are words."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import parse_qsl, unquote

from models.delivery import DeliveryOutcome
from notices.channels.answers import Answer, accepted, of_http, refused, strange
from notices.channels.http import Reply
from notices.channels.plugin import Plugin
from notices.channels.robot import place
from notices.message import Message, one_line

SIZE = 70
"""Characters of one text message in UCS-2."""

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<user>[^:@/?#]*):(?P<password>[^@/?#]*)@)?"
    r"(?P<host>[^/?#@]+)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?\d{5,20}")


class Parts(NamedTuple):
    """The parts of an address, decoded."""

    scheme: str
    user: str
    password: str
    host: str
    path: tuple[str, ...]
    query: Mapping[str, str]


class Gateway(Plugin):
    """A service that brings text messages to a phone, behind an account."""

    FORM = "short"
    BASE: ClassVar[str] = ""
    """Where the service is for everybody; `?base=https://host` names another host."""

    def __init__(self, parts: Parts, **kwargs: Any) -> None:
        super().__init__(schema=parts.scheme, host=parts.host, **kwargs)  # type: ignore[no-untyped-call]
        self.parts = parts

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> Self | None:
        """The plugin for an address, or None where it is not one."""
        match = _ADDRESS.fullmatch(url.strip())
        if match is None:
            return None
        path = [unquote(part) for part in (match["path"] or "").split("/") if part]
        query = dict(parse_qsl(match["query"] or "", keep_blank_values=True))
        user, password, host = (unquote(match[n] or "") for n in ("user", "password", "host"))
        parts = Parts(match["scheme"].lower(), user, password, host, tuple(path), query)
        return cls(parts, **kwargs)

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The address without its secrets; that is all that is ever asked of it."""
        return f"{self.parts.scheme}://****@{self.parts.host}/{'/'.join(self.parts.path)}"

    def base(self) -> str:
        """The host that is called. Raises TypeError for what is none."""
        return place(self.parts.query.get("base") or self.BASE)


def phone(text: str) -> str:
    """`text` if it is a phone number. Raises TypeError."""
    if not _PHONE.fullmatch(text):
        raise TypeError("no phone number")
    return text


def needed(text: str) -> str:
    """`text` unless it is empty. Raises TypeError."""
    if not text.strip():
        raise TypeError("a part of the address is missing")
    return text


def text_of(message: Message) -> str:
    """The message in one line of at most 70 characters."""
    return one_line(message.short or message.subject, SIZE)


def shares(text: str, count: int) -> list[str]:
    """`text` over so many variables of a template, in order and none of them empty."""
    size = -(-len(text) // count)
    return [text[n * size : (n + 1) * size] or " " for n in range(count)]


class Meaning(NamedTuple):
    """What a code of a service says: in words by which an administrator can mend it."""

    outcome: DeliveryOutcome
    words: str
    again: timedelta | None = None


def means(outcome: DeliveryOutcome, words: Mapping[str, str]) -> dict[str, Meaning]:
    """Codes that come to the same."""
    return {code: Meaning(outcome, said) for code, said in words.items()}


def judge(
    reply: Reply, code: Any, text: str, meanings: Mapping[str, Meaning], receipt: str = ""
) -> Answer:
    """What an answer amounts to. A known code decides, then the HTTP status.

    Accepted is only 2xx with the code OK. "LimitExceeded.Day" is looked up as it is, then as
    "LimitExceeded"; an unknown code may pass by itself.
    """
    good = 200 <= reply.status < 300
    if good and isinstance(code, str) and code.upper() == "OK":
        return accepted(receipt[:200])
    known = str(code or "")
    if row := meanings.get(known) or meanings.get(known.partition(".")[0]):
        said = f"{row.words}（{known}：{text}）"
        return refused(row.outcome, said, reply.again or row.again)
    if not good:
        return of_http(reply.status, reply.body, reply.again)
    if not isinstance(code, str) or not code:
        return strange(reply.text)
    return refused(
        DeliveryOutcome.TEMPORARY, f"对方没有受理，错误码 {code}：{text}", reply.again
    )  # fmt: skip
