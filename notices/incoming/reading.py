"""One mail, from bytes to what of it matters. Whatever was sent, reading it never fails.

What could make the parser work for minutes (sizes, lines, nesting, endless headers) is refused
before anything is parsed; such a mail is kept with its `trouble` instead of its text.
"""

import email.parser
import email.policy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

from models.words import Words
from notices.incoming import body
from notices.incoming.reports import Report, report_in
from notices.message import one_line

MOST_BYTES = 25_000_000
MOST_LINES = 500_000
MOST_HEAD = 64_000
MOST_HEADERS = 400
MOST_NESTED = 60
"""So many parts that hold others; each makes every line cost more."""
MOST_PARTS = 100
LONGEST_VALUE = 2_000
LONGEST_TEXT = 4_000
LONGEST_SUBJECT = 200
LONGEST_SENDER = 254

_MARKS = (
    "auto-submitted", "precedence", "x-autoreply", "x-autorespond", "x-auto-reply",
    "x-auto-response-suppress", "x-mail-autoreply", "list-id", "return-path", "x-duban",
)  # fmt: skip
# A part's own headers, folded lines and all: the parser takes them apart while it reads.
_CONTENT = re.compile(rb"^content-[\w-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(r"<([!-;=?-~]{1,250})>")
_ADDRESS = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:]{1,189}")
_ALONE = re.compile(r"[^<>@\"()]*<([^<>@\s]+@[^<>@\s]+)>")
# As it is, or as mail programs wrap it into an address of their own.
_LINKED = re.compile(r"((?:/|%2f)l(?:/|%2f))[\w-]{8,}", re.IGNORECASE)
_POLICY = email.policy.default


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a mail."""

    name: str
    media: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Came:
    """A mail that came in.

    `digest` makes it one; `message_id` and `named` (the mails it refers to, the nearest last)
    are without angle brackets. `sender` is the bare address in small letters, empty where there
    is not exactly one; `text` what was written above the quotation.
    """

    digest: str
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    text: str = ""
    named: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    """Headers by which machines are known, by their names in small letters."""
    hops: int = 0
    report: Report | None = None
    attached: tuple[Attached, ...] = ()
    trouble: Words | None = None


def read(data: bytes) -> Came:
    """What came in. Never raises for what is in it."""
    whole = sha256(data).hexdigest()
    if trouble := _refusal(data):
        return Came(whole, trouble=trouble)
    try:
        mail = email.parser.BytesParser(EmailMessage, policy=_POLICY).parsebytes(data)
        return _came(mail, whole)
    except Exception:  # a parser fed with hostile bytes raises whatever it likes
        return Came(whole, trouble=_BROKEN)


def _refusal(data: bytes) -> Words | None:
    """Why this is not parsed at all, if so."""
    ends = [end for end in (data.find(b"\r\n\r\n"), data.find(b"\n\n")) if end >= 0]
    head = data[: min(ends, default=len(data))]
    low = data.lower()
    nested = low.count(b"multipart/") + low.count(b"message/")
    for too_much, trouble in (
        (len(data) > MOST_BYTES, _LARGE),
        (data.count(b"\n") > MOST_LINES, _LARGE),
        (len(head) > MOST_HEAD or head.count(b"\n") > MOST_HEADERS, _HEADERS),
        (nested > MOST_NESTED, _NESTED),
        (any(len(found[0]) > LONGEST_VALUE for found in _CONTENT.finditer(data)), _HEADERS),
    ):
        if too_much:
            return trouble
    return None


_LARGE = Words("邮件太大，没有读取", "the mail is too large and was not read")
_HEADERS = Words("信头过长，没有读取", "its headers are too long; it was not read")
_NESTED = Words("嵌套层次过多，没有读取", "its parts are nested too deeply; it was not read")
_BROKEN = Words("邮件格式损坏，读不出", "the mail is broken and cannot be read")


def _came(mail: EmailMessage, whole: str) -> Came:
    heads = _heads(mail)
    own = next(iter(_ID.findall(heads.get("message-id", ""))), "")
    named = _ID.findall(heads.get("references", "")) + _ID.findall(heads.get("in-reply-to", ""))
    parts = list(_leaves(mail))
    shown, text = body.text_of(parts)
    return Came(
        digest=sha256(own.encode(errors="replace")).hexdigest() if own else whole,
        message_id=own,
        sender=_sender(heads.get("from", "")),
        subject=one_line(
            without_links(_spoken("subject", heads.get("subject", ""))), LONGEST_SUBJECT
        ),
        text=without_links(text)[:LONGEST_TEXT],
        named=tuple(dict.fromkeys(named)),
        marks={name: one_line(heads[name], 200) for name in _MARKS if name in heads},
        hops=sum(name.lower() == "received" for name, _ in mail.raw_items()),
        report=report_in(mail),
        attached=tuple(_attached(parts, shown)),
    )


def without_links(text: str) -> str:
    """`text` without the secrets of our links: what is quoted of a mail of ours holds them."""
    return _LINKED.sub(r"\1…", text)


def _heads(mail: EmailMessage) -> dict[str, str]:
    """The first value of each header, as it was sent, of a length that can be looked at."""
    found: dict[str, str] = {}
    for name, value in mail.raw_items():
        found.setdefault(str(name).lower(), " ".join(str(value).split())[: LONGEST_VALUE * 4])
    return found


def _spoken(name: str, value: str) -> str:
    """A header's value with its encoded words read."""
    try:
        return str(_POLICY.header_factory(name, value[:LONGEST_VALUE]))
    except Exception:  # as above
        return value[:LONGEST_VALUE]


def _sender(value: str) -> str:
    """The one address it says it is from; of two, nobody knows which is meant."""
    found = _addresses(value[:LONGEST_VALUE])
    address = found[0].lower() if len(found) == 1 else ""
    good = _ADDRESS.fullmatch(address) and address.isprintable()
    return address if good and len(address) <= LONGEST_SENDER else ""


def _addresses(value: str) -> list[str]:
    if alone := _ALONE.fullmatch(value.strip()):
        return [alone[1]]
    try:
        header = _POLICY.header_factory("From", value)
        # Of what it cannot read, the parser takes the first part and leaves out the rest.
        if any(isinstance(one, InvalidHeaderDefect) for one in header.defects):
            return []
        return [str(one.addr_spec) for one in header.addresses]
    except Exception:  # as above
        return []


def _leaves(mail: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something, those of a mail within the mail left out."""
    if mail.get_content_maintype() == "message":
        return
    if not mail.is_multipart():
        yield mail
        return
    payload: Any = mail.get_payload()
    for part in payload[:MOST_PARTS]:
        if isinstance(part, EmailMessage):
            yield from _leaves(part)


_LOGO = 20_000
"""An embedded picture of fewer bytes is a letterhead, no evidence."""


def _attached(parts: list[EmailMessage], shown: EmailMessage | None) -> Iterator[Attached]:
    for part in parts[:MOST_PARTS]:
        name, media = part.get_filename() or "", part.get_content_type()
        if part is shown or not (name or media.startswith("image/")):
            continue
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or (part["Content-ID"] and len(data) < _LOGO):
            continue
        yield Attached(one_line(str(name), 120) or media, media, data)
