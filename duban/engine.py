"""Running flows from the command line: on the server `duban up` started, else on their own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import requests

from duban.settings import Settings


def run_sweep(settings: Settings, at: datetime) -> dict[str, int]:
    """One round of all flows as of `at`; counts what was done."""
    with prefect_for(settings):
        from flows.sweep import sweep

        return sweep(at)


@contextmanager
def prefect_for(settings: Settings) -> Iterator[None]:
    """Prefect, quiet, on the running server if there is one, else on one of its own."""
    # What goes wrong is raised to whoever called; Prefect's own telling of it would come first.
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    url = running_server(settings.home)
    if url and "PREFECT_API_URL" not in os.environ:
        os.environ["PREFECT_API_URL"] = url
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # The heartbeat finds runs whose process died; it costs a second at the end of each, and
    # here the process is the one that waits for the answer.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


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
