"""外发接口: one record told to another system, signed as Standard Webhooks says.

The specification: https://github.com/standard-webhooks/standard-webhooks, version 1.0.0.
"""

import base64
import hmac
import json
import secrets
import socket
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from urllib3 import exceptions as wrong

from models.words import Trouble
from notices.channels.http import Reply
from notices.message import one_line

PREFIX = "whsec_"
HIDDEN = "****"
_ENOUGH = 2000
"""So many bytes of an answer are read."""
_LENGTH = 300


class Told(NamedTuple):
    """What one call came to: the HTTP status if there was one, and what was said."""

    status: int | None
    answer: str
    again: timedelta | None = None
    """The receiver asks to be called again after this time (Retry-After)."""


class HookTrouble(Trouble):
    """An address that cannot be called. Its words never repeat the address."""


# -- signing -----------------------------------------------------------------------------------


def new_secret() -> str:
    """A secret to sign with: 32 random bytes in base64, behind the prefix of the standard."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, name: str, at: datetime, body: bytes) -> str:
    """The signature of a message called `name`, sent at `at`: "v1," and base64 of HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((name.encode(), str(int(at.timestamp())).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def written(document: Mapping[str, Any]) -> bytes:
    """A document as it is sent: the same facts are always the same bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


# -- addresses ---------------------------------------------------------------------------------


def check(url: str, *, private: bool) -> None:
    """Raise HookTrouble unless `url` is an address that may be called.

    `private`: hosts of this house's own network may be, and without encryption.
    """
    parts = _parts(url)
    if parts is None:
        raise HookTrouble(
            "地址无法识别。应为完整的网址，如 https://hotline.example.cn/duban，"
            "不含用户名、口令和 # 号。请改正后重试。",
            "The address cannot be read. It is a whole URL such as "
            "https://hotline.example.cn/duban, without user, password or fragment. Correct it "
            "and try again.",
        )
    if parts.scheme == "http" and not private:
        raise HookTrouble(
            "经互联网调用须用 https。内网系统请管理员设 DUBAN_HOOKS_PRIVATE=true 后再用 http。",
            "Over the internet only https is called. For a system of your own network have "
            "DUBAN_HOOKS_PRIVATE=true set first.",
        )


def shown(url: str) -> str:
    """`url` as it may be shown: scheme, host and port; path and query may be keys."""
    parts = _parts(url)
    if parts is None:
        return "…"
    more = "/…" if parts.path.strip("/") or parts.query else ""
    return one_line(f"{parts.scheme}://{parts.netloc}{more}", _LENGTH)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    known = parts.scheme in ("http", "https") and parts.hostname and url.isascii()
    plain = "@" not in parts.netloc and not parts.fragment and not any(map(str.isspace, url))
    return parts if known and plain and port != 0 else None


Address = IPv4Address | IPv6Address

# Where clouds keep the keys of their machines; they answer whoever asks from inside.
_METADATA = {ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
_EMBEDDED = ip_network("64:ff9b::/96")
"""IPv4 written as IPv6 (RFC 6052)."""


def may_call(address: str, *, private: bool) -> bool:
    """Whether an address may be called: a public one, or with `private` one of the own network.

    Never link-local ones, where the metadata services of clouds lie.
    """
    ip = _inner(ip_address(address))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA:
        return False
    return ip.is_global or private


def _inner(ip: Address) -> Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _EMBEDDED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _resolved(host: str, port: int, *, private: bool) -> str:
    """An address of the host, which is then called itself, so that no later look-up decides.

    Raises OSError where there is none, PermissionError where one of them may not be called.
    """
    found = [str(i[4][0]) for i in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(may_call(address, private=private) for address in found):
        raise PermissionError(host)
    return found[0]


# -- calling -----------------------------------------------------------------------------------


def post(
    url: str,
    secret: str,
    name: str,
    body: bytes,
    at: datetime,
    *,
    private: bool,
    timeout: float = 15.0,
) -> Told:
    """Call `url` once, within `timeout` seconds, and say what it answered.

    `name` is the message's own, the same at every attempt; `at` the real instant, for receivers
    refuse old signatures. Never raises for what is the receiver's fault; the answer holds
    neither the secret nor what `shown` hides of the address.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Duban",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": sign(secret, name, at, body),
    }
    told: list[Told] = []
    work = threading.Thread(
        target=lambda: told.append(_post(url, headers, body, private, timeout)), daemon=True
    )
    # A receiver that drips its answer is never silent; only the whole time ends it.
    work.start()
    work.join(timeout)
    if not told:
        return Told(None, f"{timeout:g} 秒内没有答复，对方可能已经收到")
    said = told[0]
    return said._replace(answer=one_line(_conceal(said.answer, url, secret), _LENGTH))


def _post(url: str, headers: Mapping[str, str], body: bytes, private: bool, timeout: float) -> Told:
    try:
        return _call(url, headers, body, private, timeout)
    except Exception as error:
        return Told(None, next((said for kind, said in _SAID if isinstance(error, kind)), "出错"))


def _call(url: str, headers: Mapping[str, str], body: bytes, private: bool, timeout: float) -> Told:
    parts = urlsplit(url.strip())
    host, secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    named = {"server_hostname": host, "assert_hostname": host} if secure else {}
    pool = _pools().connection_from_host(
        _resolved(host, port, private=private), port, parts.scheme, named
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Neither repeated nor led elsewhere: the outbox repeats, and a redirect may lead inside.
    response = pool.urlopen(
        "POST", target, body=body, headers={"Host": parts.netloc, **headers}, retries=False,
        redirect=False, timeout=timeout * 0.8, preload_content=False, assert_same_host=False,
    )  # fmt: skip
    try:
        said = response.read(_ENOUGH, decode_content=False)
        reply = Reply(response.status, response.headers, said)
    finally:
        response.close()  # what was read to its end has given its connection back already
    return Told(reply.status, _words(reply), reply.again)


def _words(reply: Reply) -> str:
    known = {code.value: code.phrase for code in HTTPStatus}
    said = f"HTTP {reply.status} {known.get(reply.status, '')}".strip()
    return f"{said}：{reply.text}" if reply.body else said


# The first row that fits decides, so what is special stands before what is general.
_SAID: tuple[tuple[type[BaseException], str], ...] = (
    (PermissionError, "地址指向本机、内网或云平台元数据，未调用"),
    (socket.gaierror, "域名解析不出"),
    (wrong.SSLError, "证书不可信"),
    (wrong.NewConnectionError, "连接不上"),
    (wrong.ConnectTimeoutError, "连接不上：超时"),
    (wrong.TimeoutError, "请求发出后没有按时答复，对方可能已经收到"),
    (wrong.HTTPError, "请求发出后连接中断，对方可能已经收到"),
    (OSError, "未能送出"),
)


@cache
def _pools() -> urllib3.PoolManager:
    """Kept connections, by address; no proxy and nothing else of the environment."""
    return urllib3.PoolManager(num_pools=50, maxsize=8)


def _conceal(text: str, url: str, secret: str) -> str:
    """`text` without what is secret, as when a receiver repeats what it was sent."""
    parts = urlsplit(url)
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    words = [secret, secret.removeprefix(PREFIX), *parts.path.split("/"), *values]
    forms = {form for word in words for form in (word, unquote(word)) if len(form) > 3}
    for word in sorted(forms, key=len, reverse=True):
        text = text.replace(word, HIDDEN)
    return text
