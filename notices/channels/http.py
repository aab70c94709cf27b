"""One HTTP request to a service, over kept connections, with an end to what is read of it."""

import json
import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple

import requests
from apprise.plugins.base import NotifyBase
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.utils import default_headers, get_environ_proxies
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3 import exceptions as wrong

ENOUGH = 64 * 1024
"""So many bytes of an answer are read."""

# At DEBUG it writes every address whole, with the token in it.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class Reply(NamedTuple):
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def said(self) -> dict[str, Any] | None:
        """The body as a JSON object; None where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def again(self) -> timedelta | None:
        """When the service asks to be called again (RFC 9110, Retry-After), at most a day."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text), 86_400))
        return _until(text, self.headers.get("Date", ""))


def _until(text: str, date: str) -> timedelta | None:
    """From the answer's own date, so that no clock of ours has a say."""
    try:
        left = parsedate_to_datetime(text) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return min(max(left, timedelta(0)), timedelta(days=1))


def post(plugin: NotifyBase, url: str, document: Mapping[str, Any], **content: Any) -> Reply:
    """Send `document` as JSON. Chinese stays as it is: the services count the bytes of a body."""
    data = json.dumps(document, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return call(plugin, url, data=data, headers=headers, **content)


def call(plugin: NotifyBase, url: str, *, method: str = "POST", **content: Any) -> Reply:
    """Send one request and read its answer; `content` is `json`, `data`, `headers`, `params`.

    Times out as the plugin's sockets do, follows no redirect: a redirected POST becomes a GET
    without the message, answered 200 by some login page. Raises what requests raises.
    """
    request = _prepared(method, url, content)
    timeout = Timeout(connect=plugin.socket_connect_timeout, read=plugin.socket_read_timeout)
    response = _sent(request, timeout, verified=bool(plugin.verify_certificate))
    try:
        body = response.read(ENOUGH, decode_content=True)
        return Reply(response.status, response.headers, body)
    finally:
        response.close()  # what was read to its end has given its connection back already


# Of requests only what prepares and what connects: all that a session and an adapter do besides
# costs more than the request. And a session has a memory: a cookie that a service gives one
# account would be brought by another.


def _prepared(method: str, url: str, content: dict[str, Any]) -> PreparedRequest:
    headers = {**default_headers(), **content.pop("headers", {})}
    request = PreparedRequest()
    request.prepare(method, url, headers=headers, **content)
    return request


def _sent(request: PreparedRequest, timeout: Timeout, *, verified: bool) -> BaseHTTPResponse:
    origin = "/".join(str(request.url).split("/", 3)[:3])
    pool = _pool(origin, verified, *map(os.environ.get, _NAMES))
    # To a proxy that is not a tunnel the whole address is said.
    whole = pool.proxy is not None and pool.scheme == "http"
    try:
        return pool.urlopen(
            str(request.method), str(request.url) if whole else request.path_url,
            body=request.body, headers=request.headers, retries=False, redirect=False,
            timeout=timeout, preload_content=False, assert_same_host=False,
        )  # fmt: skip
    except wrong.HTTPError as error:
        raise next((as_ for kind, as_ in _AS if isinstance(error, kind)), _LOST)(error) from error


_LOST = requests.ConnectionError
_AS: tuple[tuple[Any, type[requests.RequestException]], ...] = (
    (wrong.ProxyError, requests.exceptions.ProxyError),
    (wrong.SSLError, requests.exceptions.SSLError),
    ((wrong.NewConnectionError, wrong.ConnectTimeoutError), requests.ConnectTimeout),
    (wrong.ReadTimeoutError, requests.ReadTimeout),
    (wrong.LocationValueError, requests.exceptions.InvalidURL),
)
"""What requests calls these; anything else is a connection that broke."""

_NAMES = (
    "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    "no_proxy", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
)  # fmt: skip
"""What of the environment requests heeds."""


@lru_cache(maxsize=64)
def _pool(origin: str, verified: bool, *environment: str | None) -> HTTPConnectionPool:  # noqa: FBT001
    """The connections to a host that are kept, for all threads, by the proxy and with the
    certificates that the environment asks for."""
    adapter = HTTPAdapter(pool_maxsize=64)
    certificates = verified and (environment[-2] or environment[-1] or True)
    request = _prepared("POST", origin, {})
    pool = adapter.get_connection_with_tls_context(
        request, certificates, get_environ_proxies(origin)
    )
    adapter.cert_verify(pool, origin, certificates, None)
    return pool


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_pool.cache_clear)
