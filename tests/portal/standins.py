"""Stand-ins for other houses' sign-in: real servers on 127.0.0.1 that refuse as theirs do.

Each issues codes that hold once and for a while, knows its secret, and can be made busy, old or
unwilling. What they say was taken from the documentation of the houses: `standin_apps` has those
of WeCom, DingTalk and Feishu, `standin_oidc` that of OpenID Connect.
"""

import json
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

SECRET = "s3cret-of-the-app-NobodyMaySee"
"""Of every app in these tests."""


class Reply(NamedTuple):
    """An answer: a status and JSON, HTML, or a way to go on."""

    status: int
    body: Any = None
    to: str = ""


class Asked(NamedTuple):
    """A question: its parameters of the address, its body and its headers."""

    query: Mapping[str, str]
    body: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Code:
    """A code given to a browser: for whom, and what it is bound to."""

    person: Mapping[str, str]
    bound: Mapping[str, str]
    used: bool = False
    old: bool = False


@dataclass
class House:
    """What the four have in common. `person` is who sits at the browser."""

    kind = ""
    issuer = ""
    url: str = ""
    secret: str = SECRET
    person: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    declines: bool = False
    """The person does not agree."""
    busy: bool = False
    """Too many questions have been asked of it."""
    instead: Reply | None = None
    """What it answers to every question of ours, whatever was asked."""
    stop: Callable[[], None] = lambda: None

    def entry(self) -> dict[str, Any]:
        """The house as it stands in our settings."""
        raise NotImplementedError

    def routes(self) -> Mapping[str, Callable[[Asked], Reply]]:
        """What it answers where."""
        raise NotImplementedError

    def is_before(self, name: str, subject: str) -> None:
        """Somebody sits down at the browser."""
        raise NotImplementedError

    def agree(self, url: str) -> str:
        """What the person does there; gives the path and the query they come back with."""
        answer = httpx.get(url, follow_redirects=False)
        assert answer.status_code == 302, (answer.status_code, answer.text)
        back = urlsplit(answer.headers["location"])
        return f"{back.path}?{back.query}"

    def grow_old(self) -> None:
        """Five minutes pass."""
        for code in self.codes.values():
            code.old = True

    def on(self, path: str) -> list[Asked]:
        """The questions asked at a path."""
        return [asked for where, asked in self.asked if where == path]

    def back(self, asked: Asked, **bound: str) -> Reply:
        """Send the browser back with a code, or with a refusal."""
        state = {"state": asked.query["state"]}
        if self.declines:
            return _to(asked.query["redirect_uri"], **self.declined(), **state)
        code = secrets.token_urlsafe(32)
        self.codes[code] = Code(dict(self.person), bound)
        return _to(asked.query["redirect_uri"], **self.given(code), **state)

    def given(self, code: str) -> dict[str, str]:
        return {"code": code}

    def declined(self) -> dict[str, str]:
        return {"error": "access_denied"}

    def token(self, person: Mapping[str, str]) -> str:
        """A token that stands for a person."""
        token = secrets.token_urlsafe(40)
        self.tokens[token] = person
        return token


def _to(address: str, **query: str) -> Reply:
    return Reply(302, to=f"{address}?{urlencode(query)}")


def s256(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


# -- the server --------------------------------------------------------------------------------


@contextmanager
def running(house: House) -> Iterator[House]:
    """The house, open on 127.0.0.1 until the end or until `house.stop()`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(dict(parse_qsl(parts.query)), self._sent(), dict(self.headers.items()))
            house.asked.append((parts.path, asked))
            found = house.routes().get(f"{self.command} {parts.path}")
            at_the_browser = "redirect_uri" in asked.query
            if house.instead is not None and not at_the_browser:
                self._send(house.instead)
            else:
                self._send(found(asked) if found else Reply(404, {"error": "not_found"}))

        def _sent(self) -> dict[str, str]:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-type", "").startswith("application/json"):
                return dict(json.loads(sent))
            return dict(parse_qsl(sent.decode()))

        def _send(self, reply: Reply) -> None:
            html = isinstance(reply.body, str)
            content = reply.body if html else json.dumps(reply.body, ensure_ascii=False)
            self.send_response(reply.status)
            if reply.to:
                self.send_header("location", reply.to)
            self.send_header("content-type", "text/html" if html else "application/json")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    house.url, house.stop = f"http://127.0.0.1:{server.server_port}", stop
    try:
        yield house
    finally:
        stop()
