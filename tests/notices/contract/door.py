"""A real HTTP server on 127.0.0.1 behind which a stand-in, or a fault, waits."""

import json
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Told(NamedTuple):
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


def told(document: Any, status: int = 200, **headers: str) -> Told:
    """A JSON answer; `Retry_After="7"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document, ensure_ascii=False).encode()
    return Told(status, body, {"Content-Type": "application/json"} | named)


@dataclass
class StandIn:
    """A service that refuses as the true one does. `taken` is what it really accepted."""

    taken: list[Any] = field(default_factory=list)

    def answer(self, asked: Asked) -> Told:
        raise NotImplementedError

    def carries(self, asked: Asked) -> bool:
        """Whether this request brings the message; only such meet a fault (a login does not)."""
        return True


@dataclass
class Talk:
    """What a fault may play with: the caller's line, the request, and the stand-in."""

    handler: BaseHTTPRequestHandler
    asked: Asked
    stand_in: StandIn
    closing: threading.Event

    def tell(self, answer: Told) -> None:
        self.begin(answer, len(answer.body))
        self.handler.wfile.write(answer.body)

    def begin(self, answer: Told, length: int) -> None:
        self.handler.send_response(answer.status)
        for name, value in answer.headers.items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(length))
        self.handler.end_headers()


Fault = Callable[[Talk], None]


@contextmanager
def door(
    stand_in: StandIn, fault: Fault | None = None, *, deaf: bool = False, tls: bool = False
) -> Iterator[str]:
    """The base address (`http://127.0.0.1:…`) at which `stand_in` answers, or the fault does.

    `deaf` hangs up before a word was read; `tls` shows a certificate nobody trusts.
    """
    closing = threading.Event()
    server = _Server(("127.0.0.1", 0), _handler(stand_in, fault, closing, deaf))
    if tls:
        server.socket = certificate().wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    block_on_close = False
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that left is no news."""


def _handler(
    stand_in: StandIn, fault: Fault | None, closing: threading.Event, deaf: bool
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            if not deaf:
                super().handle()

        def talk(self) -> None:
            asked = Asked(self.command, self.path, self.headers, self._body())
            talk = Talk(self, asked, stand_in, closing)
            with suppress(OSError):
                if fault and stand_in.carries(asked):
                    fault(talk)
                else:
                    talk.tell(stand_in.answer(asked))

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        do_GET = do_POST = do_PUT = talk  # noqa: N815 - the names http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Silence."""

    return Handler


@cache
def certificate() -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pem")
        file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context
