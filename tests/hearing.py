"""Another system that is told of cases: a real HTTP server that checks signatures, and can die."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[int], int | None]
"""What the nth request of a life is answered; None: the line is cut after it was read."""


@dataclass
class Receiver:
    """Keeps the bodies of what it was told, and answers 204."""

    port: int = 0
    secret: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    stamps: list[int] = field(default_factory=list)
    says: Answer = field(default=lambda _: 204)
    words: bytes = b""
    _server: ThreadingHTTPServer | None = None
    _life: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in/a-key-in-the-path"

    def wake(self) -> None:
        """Listen at the same port as in the life before."""
        self._life = 0
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def die(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, headers: Any, body: bytes) -> int | None:
        """Read one request, and give the status it is answered with."""
        self._life += 1
        assert self.signed(headers, body)
        name = headers["webhook-id"]
        status = self.says(self._life)
        if status is None or 200 <= status < 300:
            self.heard.append(json.loads(body))
            self.bodies.setdefault(name, set()).add(body)
            self.stamps.append(int(headers["webhook-timestamp"]))
        return status

    def signed(self, headers: Any, body: bytes) -> bool:
        """As the specification says, reckoned anew."""
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        made = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
        return bool(headers["webhook-signature"] == f"v1,{made}")


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that left is no news."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(self.headers, body)
            if status is None:
                return
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(receiver.words)))
                self.end_headers()
                self.wfile.write(receiver.words)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Silence."""

    return Handler


@contextmanager
def listening(secret: str) -> Iterator[Receiver]:
    """A receiver that is awake."""
    receiver = Receiver(secret=secret)
    receiver.wake()
    try:
        yield receiver
    finally:
        receiver.die()
