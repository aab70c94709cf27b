"""Running flows from the command line: on the server `duban up` started, else on their own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests

from duban.settings import Settings
from models.words import Trouble


def run_sweep(settings: Settings, at: datetime) -> dict[str, int]:
    """One round of all flows as of `at`; counts what was done."""
    with prefect_for(settings):
        from flows.sweep import sweep

        return sweep(at)


@contextmanager
def prefect_for(settings: Settings) -> Iterator[None]:
    """Prefect, quiet, on the running server if there is one, else on one of its own."""
    before = dict(os.environ)
    # What goes wrong is raised to whoever called; Prefect's own telling of it would come first.
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    _choose_server(settings.home)
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # The heartbeat finds runs whose process died; it costs a second at the end of each, and
    # here the process is the one that waits for the answer.
    try:
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
    finally:  # what is started after this is not to be quiet
        os.environ.clear()
        os.environ.update(before)


def _choose_server(home: Path) -> None:
    named = os.environ.get("PREFECT_API_URL")
    if named and not answers(named):
        shown = urlsplit(named).hostname or "?"
        raise Trouble(
            f"PREFECT_API_URL 所指的 Prefect 服务（{shown}）没有应答。请启动它（duban up），"
            "或取消这一设置，督办一轮便自带一个。",
            f"The Prefect server that PREFECT_API_URL names ({shown}) does not answer. Start it "
            "(duban up), or unset it and a round brings its own.",
        )
    if not named and (url := running_server(home)):
        os.environ["PREFECT_API_URL"] = url


def server_file(home: Path) -> Path:
    """Where `duban up` writes the address of its server while it runs."""
    return home / "prefect" / "server.json"


def running_server(home: Path) -> str | None:
    """The API address of the server that `duban up` runs here, if it answers."""
    try:
        url = str(json.loads(server_file(home).read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError):
        return None
    return url if answers(url) else None


def answers(url: str) -> bool:
    """Whether a Prefect server answers there."""
    try:
        return requests.get(f"{url}/health", timeout=3).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False
