"""A message as a mail: its headers, its forms, and the names by which answers find it again."""

import re
import secrets
from base64 import encodebytes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime

from notices.message import Message, one_line

OURS = "X-Duban"
"""The header by which we know a mail of our own that comes back to us."""

_NAME = re.compile(r"[!-9;-~]{1,60}")  # RFC 5322, 3.6.8: a field name
_LONGEST = 900
_LONGEST_DOMAIN = 120

_KEPT = frozenset(
    {
        "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id",
        "in-reply-to", "references", "auto-submitted", "x-auto-response-suppress",
        "mime-version", "return-path", "received", OURS.lower(),
    }
)  # fmt: skip
"""Headers nobody else writes: with another value the mail would not be ours any more."""


@dataclass(frozen=True, slots=True)
class Parties:
    """From whom and to whom, in ASCII. `everybody` are the bare addresses it is brought to."""

    sender: str
    sender_named: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    reply: tuple[str, ...]
    everybody: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be posted: seven bits a byte, lines that end with CRLF."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes


def write(
    message: Message, parties: Parties, headers: Mapping[str, str], *, receipt: bool = False
) -> Letter:
    """The mail for a message. `headers` are those its address asks for."""
    domain = _domain(parties.sender)
    message_id = f"<m.{_word(message.key, 60)}.{secrets.token_hex(8)}@{domain}>"
    lines = dict(_lines(message, parties, message_id, domain, receipt=receipt))
    lines |= _others(headers) | _others(message.headers)
    above = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    data = above.encode("ascii") + _content(message)
    return Letter(message_id, parties.sender, parties.everybody, data)


def _lines(
    message: Message, parties: Parties, message_id: str, domain: str, *, receipt: bool
) -> Iterator[tuple[str, str]]:
    yield "Message-ID", message_id
    if message.thread:
        case = f"<case.{_word(message.thread, 60)}@{domain}>"
        yield "In-Reply-To", case
        yield "References", case
    yield "From", parties.sender_named
    yield "To", ",\r\n ".join(parties.to)
    if parties.cc:
        yield "Cc", ",\r\n ".join(parties.cc)
    if parties.reply:
        yield "Reply-To", ",\r\n ".join(parties.reply)
    yield "Subject", _ascii("Subject", message.subject)
    yield "Date", format_datetime(message.at)
    yield "MIME-Version", "1.0"
    yield "Auto-Submitted", "auto-generated"
    # Not "All": Exchange would then keep back bounces and read receipts too (MS-OXCMAIL).
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    yield OURS, _word(message.key, 60)
    if receipt:
        yield "Disposition-Notification-To", f"<{parties.sender}>"


def _others(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that others ask for, as far as they are any and not ours to write."""
    return {
        name: _ascii(name, one_line(value, _LONGEST))
        for name, value in headers.items()
        if _NAME.fullmatch(name) and not name.lower().startswith("content-")
        if name.lower() not in _KEPT
    }


def _ascii(name: str, value: str) -> str:
    """The value of a header, in encoded words (RFC 2047) where it needs them."""
    if value.isascii():
        return value
    return Header(value, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")


# -- the text ----------------------------------------------------------------------------------
# By hand, not by EmailMessage: that would wrap a long address or Message-ID into encoded words,
# and takes a millisecond, as long as all of the conversation with the server.


def _content(message: Message) -> bytes:
    if not message.html:
        return _part("plain", message.body)
    edge = f"=_{secrets.token_hex(12)}"
    parts = (_part("plain", message.body), _part("html", message.html))
    whole = b"".join(b"--%s\r\n%s" % (edge.encode(), part) for part in parts)
    head = f'Content-Type: multipart/alternative; boundary="{edge}"\r\n\r\n'
    return head.encode() + whole + f"--{edge}--\r\n".encode()


def _part(kind: str, text: str) -> bytes:
    """In base64: no server is asked whether it takes eight bits, and no line is too long."""
    lines = text.replace("\r\n", "\n").replace("\n", "\r\n")
    # Half of a surrogate pair cannot be encoded.
    data = encodebytes(lines.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return head.encode() + data + b"\r\n"


def _domain(address: str) -> str:
    """The domain of an address as it may stand in a Message-ID."""
    domain = address.rpartition("@")[2].lower()
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    known = re.fullmatch(r"[a-z0-9.-]+", domain) and len(domain) <= _LONGEST_DOMAIN
    return domain if known else "duban.invalid"


def _word(text: str, length: int) -> str:
    """`text` as a part of a Message-ID (RFC 5322, dot-atom)."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:length].strip("-") or "0"
