"""Servers that take messages: SMTP and HTTP, each in a process of its own, with kept connections.

`python -m bench.sinks smtp PORT [FILE] [--wait SECONDS] [--then-500]` says "ready" when it
listens. Into FILE goes every message taken, before it is answered for; `--wait` is how long the
answer takes; with `--then-500` a message is taken and then called a failure.
"""

import argparse
import asyncio
import binascii
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from pathlib import Path

_MAIL_END = b"\r\n.\r\n"


class Sink:
    """What both have in common: taking a message down, and how they answer."""

    def __init__(self, file: Path | None, wait: float, *, then_500: bool) -> None:
        self.file = file.open("ab", buffering=0) if file else None
        self.wait, self.then_500 = wait, then_500

    async def take(self, message: bytes) -> bool:
        """Keep a message; whether it is called taken."""
        if self.file:
            self.file.write(b64encode(message) + b"\n")
        if self.wait:
            await asyncio.sleep(self.wait)
        return not self.then_500

    async def smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One SMTP conversation."""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                taken = await self.take(await reader.readuntil(_MAIL_END))
                writer.write(b"250 taken\r\n" if taken else b"451 disk full\r\n")
            elif verb == b"EHLO":
                writer.write(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 OK\r\n")

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One kept HTTP connection."""
        while head := await reader.readuntil(b"\r\n\r\n"):
            names = dict(line.lower().split(b":", 1) for line in head.splitlines()[1:] if line)
            taken = await self.take(await reader.readexactly(int(names[b"content-length"])))
            status, said = (b"200 OK", {"errcode": 0}) if taken else (b"500 Oops", {"errcode": 1})
            body = json.dumps(said).encode()
            writer.write(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body))  # fmt: skip


async def _serve(kind: str, port: int, sink: Sink) -> None:
    talk = {"smtp": sink.smtp, "http": sink.http}[kind]

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(conversation, "127.0.0.1", port, limit=2**24)
    print("ready", flush=True)
    # However whoever started it ends, its end of the pipe is closed then.
    threading.Thread(target=lambda: os._exit(len(sys.stdin.buffer.read())), daemon=True).start()
    async with server:
        await server.serve_forever()


# -- for those who start them ------------------------------------------------------------------


def start(
    kind: str, port: int, file: Path | None = None, wait: float = 0, *, then_500: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a sink and wait until it listens. Whoever starts it ends it."""
    command = [sys.executable, "-m", "bench.sinks", kind, str(port), *([str(file)] if file else [])]
    command += ["--wait", str(wait)] if wait else []
    command += ["--then-500"] if then_500 else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


@contextmanager
def running(kind: str, file: Path | None = None, wait: float = 0) -> Iterator[int]:
    """A sink for as long as this lasts; gives its port."""
    port = free_port()
    process = start(kind, port, file, wait)
    try:
        yield port
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]", *, kill: bool = False) -> None:
    """End a sink that was started here."""
    process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    process.communicate()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def taken(file: Path) -> list[str]:
    """The text of every message that was taken; one that was cut off while written is left out."""
    if not file.exists():
        return []
    found = []
    for line in file.read_bytes().splitlines():
        with suppress(binascii.Error):
            found.append(_text(b64decode(line, validate=True)))
    return found


def _text(message: bytes) -> str:
    if message.startswith(b"{"):
        return json.dumps(json.loads(message), ensure_ascii=False)
    mail = message_from_bytes(message.removesuffix(_MAIL_END), policy=policy.default)
    part = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{part.get_content() if part else ''}"


def main() -> None:
    """Be a sink until ended."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", choices=("smtp", "http"))
    arguments.add_argument("port", type=int)
    arguments.add_argument("file", nargs="?", type=Path)
    arguments.add_argument("--wait", type=float, default=0)
    arguments.add_argument("--then-500", action="store_true")
    asked = arguments.parse_args()
    sink = Sink(asked.file, asked.wait, then_500=asked.then_500)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(asked.kind, asked.port, sink))


if __name__ == "__main__":
    main()
