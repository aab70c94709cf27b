"""`duban up`: a Prefect server of our own, the deployments, and a clean end."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import requests

from duban import show
from duban.engine import answers, server_file
from duban.settings import Settings
from duban.setup import make_home, set_up
from models.words import Trouble

STARTING = 120.0
"""Seconds the server may take to answer; the first start sets up its own database."""
STOPPING = 20.0


def run(settings: Settings, *, demo: bool) -> None:
    """Start everything, say where to look, and stop all of it when asked to."""
    # Both by name: a shell starts what it puts into the background with Ctrl-C ignored, and
    # what is ignored here would be ignored by every child.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.enter_context(_alone(settings.home))
        _end_leftovers(settings.home)
        for line in set_up(settings, demo=demo):
            show.say(line)
        url, server = stack.enter_context(_server(settings))
        # The portal is there long before the server, and waits for nothing of it.
        address, portal = stack.enter_context(_portal(settings))
        show.say(f"门户 portal: {address}")
        _wait_for_server(url, server, settings)
        if demo:
            from duban.fortnight import play_once

            play_once(settings)
        serving = stack.enter_context(_child(settings, "serving", "-m", "duban.serving"))
        reacting = stack.enter_context(_child(settings, "reacting", "-m", "duban.reacting"))
        _where_to_look(settings, url, address, demo=demo)
        children = {
            "Prefect 服务 server": server,
            "门户 portal": portal,
            "定时督办 deployments": serving,
            "即时反应 reactions": reacting,
        }
        _wait(children, settings)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    # Once is enough: a second one must not break off the clean end.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home folder: two engines on one home would fight over Prefect's database."""
    make_home(home)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(
                f"{home} 上已有一个 duban up 在运行。先停掉它（Ctrl-C），"
                "或用 DUBAN_HOME 指定另一个文件夹。",
                f"A duban up is already running on {home}. Stop it first (Ctrl-C), or name "
                "another folder with DUBAN_HOME.",
            ) from None
        yield


def _end_leftovers(home: Path) -> None:
    """End what an earlier `duban up` on this home had started and, being killed, left running."""
    for note in home.glob("*.pid"):
        pid = _number_in(note)
        if pid and _is_ours(pid, home):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        note.unlink(missing_ok=True)
    server_file(home).unlink(missing_ok=True)


def _number_in(note: Path) -> int:
    try:
        return int(note.read_text("utf-8"))
    except ValueError:  # killed between creating the file and writing it
        return 0


def _is_ours(pid: int, home: Path) -> bool:
    """Whether the process works on this home; the number may long belong to another program."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"DUBAN_HOME={home.resolve()}".encode() in environment


@contextmanager
def _server(settings: Settings) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Prefect's server, started and not yet waited for."""
    port = _free_port(settings.port)
    url = f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = url
    args = ("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    with _child(settings, "prefect-server", *args) as server:
        try:
            yield url, server
        finally:
            server_file(settings.home).unlink(missing_ok=True)


def _wait_for_server(url: str, server: subprocess.Popen[bytes], settings: Settings) -> None:
    """Until it answers; then others on this home find it."""
    with show.err.status("正在启动 Prefect 服务… starting the Prefect server"):
        _until_it_answers(
            "Prefect 服务 server", lambda: answers(url), server, settings, "prefect-server"
        )
    note = json.dumps({"url": url, "pid": server.pid})
    server_file(settings.home).write_text(note, "utf-8")


@contextmanager
def _portal(settings: Settings) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The portal, on the wished port or a free one; gives the address people reach it by."""
    port = _free_port(settings.portal_port, settings.portal_host)
    here = f"http://{settings.portal_host}:{port}"
    address = settings.portal_url or here
    # The notices of all that is started from here on carry links to it.
    os.environ["DUBAN_PORTAL_PORT"], os.environ["DUBAN_PORTAL_URL"] = str(port), address
    with _child(settings, "portal", "-m", "portal.serve") as portal:
        _until_it_answers("门户 portal", lambda: _open(here), portal, settings, "portal")
        yield address, portal


def _open(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=3).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False


def _until_it_answers(
    what: str,
    answers: Callable[[], bool],
    process: subprocess.Popen[bytes],
    settings: Settings,
    name: str,
) -> None:
    give_up = time.monotonic() + STARTING
    while time.monotonic() < give_up:
        if process.poll() is None and answers():
            return
        if process.poll() is not None:
            break
        time.sleep(0.3)
    log = settings.home / "logs" / f"{name}.log"
    raise Trouble(f"{what} 没有启动。原因见 {log}。", f"{what} did not start. {log} says why.")


def _free_port(wished: int, host: str = "127.0.0.1") -> int:
    """The wished port, or any free one when another program listens there."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Trouble("没有可用的端口。", "There is no free port.")


@contextmanager
def _child(settings: Settings, name: str, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours with its log; ended, with all it started, when the block ends."""
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        note = settings.home / f"{name}.pid"
        process = _start(args, log, note)
        try:
            yield process
        finally:
            _stop(process)
            note.unlink(missing_ok=True)


def _start(args: tuple[str, ...], log: IO[bytes], note: Path) -> subprocess.Popen[bytes]:
    # The child notes its own number before it becomes what it is: killed at any moment, we leave
    # nothing that the next `duban up` does not find.
    noting = ("/bin/sh", "-c", 'echo $$ > "$0"; exec "$@"', str(note))
    # A group of its own: Ctrl-C reaches us alone, and we end the children in order.
    return subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        [*noting, sys.executable, *args],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    for step in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(step)
            _wait_for(process, STOPPING)
    # What the process itself had started, if it did not end it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _wait_for(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _where_to_look(settings: Settings, url: str, address: str, *, demo: bool) -> None:
    home = settings.home.resolve()
    show.say(
        f"\n督办引擎正在运行，每分钟一轮。Ctrl-C 停止。\n"
        f"  门户        {address}\n"
        f"  督办日志    duban log\n"
        f"  案件        duban cases · duban case 案号 · duban explain 案号\n"
        f"  通知        duban outbox · {home / 'messages'}\n"
        f"  交来台账    放进 {home / 'inbox'} 或 duban import 文件\n"
        f"  流程运行    {url.removesuffix('/api')}\n"
        f"\nRunning, one round a minute; Ctrl-C stops everything. Look with the commands above; "
        f"put ledgers into the inbox."
    )
    if demo:
        from duban.demo_accounts import show_accounts

        show_accounts()


def _wait(children: dict[str, subprocess.Popen[bytes]], settings: Settings) -> None:
    logs = settings.home.resolve() / "logs"
    try:
        while True:
            for name, child in children.items():
                if child.poll() is not None:
                    raise Trouble(
                        f"{name} 意外停止，其余部分已一并停止。原因见 {logs}；"
                        "改正后再次运行 duban up，什么也没有丢失。",
                        f"{name} has stopped unexpectedly, and the rest was stopped with it. "
                        f"{logs} says why; put it right and run duban up again, nothing is lost.",
                    )
            time.sleep(0.5)
    except KeyboardInterrupt:
        show.say("\n正在停止… stopping")
        raise
