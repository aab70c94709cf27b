"""Talking to another house: JSON over HTTP, and what is said when it refuses or is silent."""

import json
import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Any

import httpx

from models.words import Trouble, Words
from portal.identity.who import Who

# It writes every address it asks into the log, and some carry a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

PATIENCE = 10.0
"""Seconds to wait for a connection, and for each piece of an answer."""
LONGEST_ANSWER = 1_000_000
"""Bytes; the longest true answers, key sets, have some thousands."""


class Why(Enum):
    """Why a house did not sign somebody in, and what to do about it."""

    CANCELLED = Words(
        "您没有同意登录。需要时请重新登录，或改用口令登录。",
        "you did not agree to it. Start again if you wish, or sign in with a password.",
    )
    CODE = Words(
        "这次登录已失效：登录码只在几分钟内有效，且只能用一次。请重新登录。",
        "this attempt is no longer good: its code holds for some minutes and for one use. "
        "Start again.",
    )
    PERSON = Words(
        "对方不允许这个账号登录。请找本单位该平台的管理员开通，或改用口令登录。",
        "that account may not sign in there. Ask those who run it for you, or sign in with a "
        "password.",
    )
    BUSY = Words(
        "对方暂时答不上来。请过一两分钟再试，或改用口令登录。",
        "it cannot answer for the moment. Try again in a minute or two, or sign in with a "
        "password.",
    )
    SILENT = Words(
        "连不上对方，或等了 10 秒没有答复。请稍后再试，或改用口令登录；一直如此请管理员检查网络。",
        "it cannot be reached, or did not answer within 10 seconds. Try again later, or sign in "
        "with a password; if it stays so, the administrator should check the network.",
    )
    SETTINGS = Words(
        "两边的对接设置不一致。请把本页内容告诉管理员（见 docs/sign-in.md），并先用口令登录。",
        "the settings on both sides do not agree. Show this page to the administrator (see "
        "docs/sign-in.md), and sign in with a password meanwhile.",
    )
    UNTRUSTED = Words(
        "对方的答复没有通过查验，不能采信。请重新登录；一直如此请告诉管理员，并先用口令登录。",
        "its answer did not pass our checks and cannot be believed. Start again; if it stays so, "
        "tell the administrator, and sign in with a password meanwhile.",
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a house said: the HTTP status, and a JSON object."""

    status: int
    body: Mapping[str, Any]

    def text(self, *names: str) -> str:
        """The first of these fields that holds text or a number; nothing if none does."""
        for name in names:
            value = self.body.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return str(value)
        return ""


def ask(label: Words, method: str, url: str, **more: Any) -> Answer:
    """Ask a house. Raises Trouble when it is silent or its answer is not a JSON object."""
    # The causes are left out: they may hold the address, and that a secret.
    try:
        status, content = _fetch(method, url, **more)
    except (httpx.HTTPError, httpx.InvalidURL, _TooLongError):
        raise refused(label, Why.SILENT) from None
    body = _object(content)
    if body is None:
        why = Why.BUSY if status == 429 or status >= 500 else Why.SETTINGS
        raise refused(label, why, f"HTTP {status}")
    return Answer(status, body)


class _TooLongError(Exception):
    pass


def _fetch(method: str, url: str, **more: Any) -> tuple[int, bytes]:
    content = bytearray()
    with (
        httpx.Client(timeout=PATIENCE, follow_redirects=False) as client,
        client.stream(method, url, **more) as response,
    ):
        for piece in response.iter_bytes():
            content += piece
            if len(content) > LONGEST_ANSWER:
                raise _TooLongError
    return response.status_code, bytes(content)


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def refused(label: Words, why: Why, said: str = "", *hidden: str) -> Trouble:
    """The refusal in plain words, with what the house itself said, cleaned."""
    said = clean(said, *hidden)
    more = Words(f"（对方的答复：{said}）", f" (It said: {said})") if said else Words("", "")
    return _trouble(label, why, more)


def doubted(label: Words, doubt: Words) -> Trouble:
    """The refusal of an answer that did not pass our checks, and of which."""
    return _trouble(label, Why.UNTRUSTED, Words(f"（{doubt.zh}）", f" ({doubt.en})"))


def _trouble(label: Words, why: Why, more: Words) -> Trouble:
    zh, en = why.value.zh + more.zh, why.value.en + more.en
    return Trouble(f"{label.zh}登录没有完成：{zh}", f"{label.en} did not sign you in: {en}")


# As long as this, and without a space, is a token or a code rather than a word.
_LONG = re.compile(r"[A-Za-z0-9+/_=~-]{28,}(?:\.[A-Za-z0-9+/_=~-]+)*")


def clean(said: str, *hidden: str) -> str:
    """What a house said, fit to be shown: one short line without secrets and tokens."""
    for secret in filter(None, hidden):
        said = said.replace(secret, "…")
    printable = "".join(c if c.isprintable() else " " for c in said)
    return " ".join(_LONG.sub("…", printable).split())[:100]


def code_of(label: Words, params: Mapping[str, str], *names: str) -> str:
    """The code the browser came back with. Raises Trouble when it brings a refusal or none."""
    if error := params.get("error"):
        why = Why.CANCELLED if error == "access_denied" else Why.SETTINGS
        raise refused(label, why, f"{error} {params.get('error_description', '')}")
    code = next((params[name] for name in names if params.get(name)), "")
    if not 0 < len(code) <= 2048:
        raise refused(label, Why.CANCELLED)
    return code


def who(label: Words, issuer: str, subject: object, name: str, *hints: str) -> Who:
    """Who a house says it is. Raises Trouble when it gives no name we could remember."""
    if not isinstance(subject, str) or not 0 < len(subject) <= 200 or not subject.isprintable():
        raise refused(label, Why.UNTRUSTED)
    known = _short(name) or subject[:60]
    others = tuple(dict.fromkeys(hint for each in hints if (hint := _short(each)) != known))
    return Who(issuer, subject, known, tuple(filter(None, others)))


def _short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:60]


def derived(nonce: str, purpose: str) -> str:
    """A secret for one purpose, from which the browser's own cannot be told (43 characters)."""
    return _unpadded(sha256(f"{purpose}:{nonce}".encode()).digest())


def challenge(verifier: str) -> str:
    """The S256 challenge of RFC 7636 to a verifier."""
    return _unpadded(sha256(verifier.encode()).digest())


def _unpadded(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
