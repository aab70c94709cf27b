"""One HTTP request to a service, over kept connections, with an end to what is read of it."""

import json
import logging
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

import requests
from apprise.plugins.base import NotifyBase
from requests.adapters import HTTPAdapter
from requests.utils import default_headers, get_environ_proxies
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout
from urllib3 import exceptions as wrong

ENOUGH = 64 * 1024
"""So many bytes of an answer are read."""

Pairs = Mapping[str, str] | Sequence[tuple[str, str]]

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


def post(plugin: NotifyBase, url: str, document: Mapping[str, Any], params: Pairs = ()) -> Reply:
    """Send `document` as JSON. Chinese stays as it is: the services count the bytes of a body."""
    data = json.dumps(document, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return call(plugin, url, params=params, data=data, headers=headers)


def call(
    plugin: NotifyBase,
    url: str,
    *,
    method: str = "POST",
    params: Pairs = (),
    data: Pairs | bytes = b"",
    headers: Mapping[str, str] = MappingProxyType({}),
    auth: tuple[bytes, bytes] | None = None,
) -> Reply:
    """Send one request and read its answer. `data` that is no bytes goes as a form.

    Times out as the plugin's sockets do, follows no redirect: a redirected POST becomes a GET
    without the message, answered 200 by some login page. Raises what requests raises.
    """
    head = {**default_headers(), **headers}
    if auth:
        head["Authorization"] = f"Basic {b64encode(b':'.join(auth)).decode()}"
    if not isinstance(data, bytes):
        head["Content-Type"] = "application/x-www-form-urlencoded"
        data = urlencode(data, doseq=True).encode()
    whole = f"{url}?{urlencode(params, doseq=True)}" if params else url
    timeout = Timeout(connect=plugin.socket_connect_timeout, read=plugin.socket_read_timeout)
    verified = bool(plugin.verify_certificate)
    response = _sent(method, whole, timeout, verified=verified, body=data or None, headers=head)
    try:
        body = response.read(ENOUGH, decode_content=True)
        return Reply(response.status, response.headers, body)
    finally:
        response.close()  # what was read to its end has given its connection back already


# Of requests only what connects: all that it does besides costs as much again as the request.
# And a session of it has a memory: a cookie given to one account would be brought by another.


def _sent(
    method: str, url: str, timeout: Timeout, *, verified: bool, **content: Any
) -> BaseHTTPResponse:
    scheme, _, host, *rest = url.split("/", 3)
    pool = _pool(f"{scheme}//{host}", verified, *map(os.environ.get, _NAMES))
    # To a proxy that is not a tunnel the whole address is said.
    target = url if pool.proxy and pool.scheme == "http" else "/" + "".join(rest)
    try:
        return pool.urlopen(
            method, target, timeout=timeout, retries=False, redirect=False,
            assert_same_host=False, preload_content=False, **content,
        )  # fmt: skip
    except wrong.HTTPError as error:
        raise next((as_ for kind, as_ in _AS if isinstance(error, kind)), _LOST)(error) from error
    except ValueError as error:
        raise requests.exceptions.InvalidHeader(error) from error


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
def _pool(origin: str, verified: bool, *environment: str | None) -> HTTPConnectionPool:
    """The connections to a host that are kept, for all threads, by the proxy and with the
    certificates that the environment asks for."""
    adapter = HTTPAdapter(pool_maxsize=64)
    certificates = verified and (environment[-2] or environment[-1] or True)
    request = requests.Request("POST", origin).prepare()
    pool = adapter.get_connection_with_tls_context(
        request, certificates, get_environ_proxies(origin)
    )
    adapter.cert_verify(pool, origin, certificates, None)
    return pool


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_pool.cache_clear)
