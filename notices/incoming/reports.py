"""What mail systems report of a mail of ours: bounces (RFC 3464) and read receipts (RFC 8098)."""

import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from enum import StrEnum
from typing import Any, NamedTuple

from notices.message import one_line

_ID = re.compile(r"<([!-;=?-~]{1,250})>")
_OWN_ID = re.compile(r"^message-id:\s*<([!-;=?-~]{1,250})>", re.IGNORECASE | re.MULTILINE)
_LENGTH = 240
_MOST = 20
"""Recipients of one report, and parts of it, that are looked at."""


class Fate(StrEnum):
    """What became of the mail that is reported on."""

    FAILED = "failed"
    DELAYED = "delayed"
    ARRIVED = "arrived"
    READ = "read"
    NOTED = "noted"
    """Something that changes nothing, as a mail deleted unread."""


class Report(NamedTuple):
    """A report on the mail `original` (its Message-ID), in the words of the other system."""

    fate: Fate
    original: str
    words: str


def report_in(mail: EmailMessage) -> Report | None:
    """The report a mail is, if it is one."""
    if mail.get_content_type() != "multipart/report":
        return None
    parts = list(_blocks(mail))
    original = next((found for part in parts if (found := _original(part))), "")
    for part in parts:
        reader = _READERS.get(part.get_content_type())
        if reader is not None:
            return reader(part, original)
    return None


# -- bounces -----------------------------------------------------------------------------------

# The worst that befell any recipient decides. "Failed" is final whatever the status says: a mail
# that lay for five days fails with 4.4.7 (RFC 3464, 2.3.3).
_FATES = {
    "failed": Fate.FAILED,
    "delayed": Fate.DELAYED,
    "delivered": Fate.ARRIVED,
    "relayed": Fate.NOTED,
    "expanded": Fate.NOTED,
}


def _bounce(part: Message, original: str) -> Report:
    told = [one for block in _blocks(part) if (one := _recipient(block)) is not None]
    order = list(_FATES.values())
    fate, words = min(told, key=lambda one: order.index(one[0]), default=(Fate.NOTED, ""))
    return Report(fate, original, words)


def _recipient(block: Message) -> tuple[Fate, str] | None:
    action, status = _field(block, "action").lower(), _field(block, "status")
    fate = _FATES.get(action) or {"5": Fate.FAILED, "4": Fate.DELAYED}.get(status[:1])
    if fate is None:
        return None
    said = _field(block, "diagnostic-code").partition(";")[2].strip()
    return fate, one_line(f"{status} {said}".strip() or action, _LENGTH)


# -- receipts ----------------------------------------------------------------------------------


def _receipt(part: Message, original: str) -> Report:
    """`Disposition: manual-action/MDN-sent-manually; displayed` (RFC 8098, 3.2.6)."""
    for block in _blocks(part):
        said = _field(block, "disposition")
        if said:
            named = _ID.search(_field(block, "original-message-id"))
            kind = re.split(r"[/,\s]", said.rpartition(";")[2].strip().lower())[0]
            fate = Fate.READ if kind == "displayed" else Fate.NOTED
            return Report(fate, named[1] if named else original, one_line(said, _LENGTH))
    return Report(Fate.NOTED, original, "")


_READERS = {
    "message/delivery-status": _bounce,
    "message/disposition-notification": _receipt,
}


# -- their parts -------------------------------------------------------------------------------


def _blocks(part: Message) -> Iterator[Message]:
    payload: Any = part.get_payload()
    for block in payload[:_MOST] if isinstance(payload, list) else ():
        if isinstance(block, Message):
            yield block


def _field(block: Message, name: str) -> str:
    """A field as it was sent, on one line."""
    raw = (value for key, value in block.raw_items() if str(key).lower() == name)
    return " ".join(str(next(raw, "")).split())[:1_000]


def _original(part: Message) -> str:
    """The Message-ID of the mail that is sent back, whole or only its headers."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        found = (_ID.search(_field(block, "message-id")) for block in _blocks(part))
        return next((match[1] for match in found if match), "")
    if kind.endswith("rfc822-headers"):
        data = part.get_payload(decode=True)
        text = data if isinstance(data, bytes) else b"".join(_as_bytes(part))
        match = _OWN_ID.search(text[:64_000].decode(errors="replace"))
        return match[1] if match else ""
    return ""


def _as_bytes(part: Message) -> Iterator[bytes]:
    for block in _blocks(part):
        yield "".join(f"{name}: {value}\n" for name, value in block.raw_items()).encode(
            errors="replace"
        )
