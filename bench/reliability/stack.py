"""The whole engine as a city runs it: PostgreSQL, Prefect, two workers, a task worker, a portal."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from bench import sinks
from bench.reliability import city
from bench.reliability.processes import Unit, descendants, environment, python, wait_until
from bench.reliability.server import Server
from bench.reliability.watch import ROLES

POOL = "duban"
WORKERS = ("worker-1", "worker-2")
WAIT = 0.4
"""Seconds the mail server takes for one message: deliveries are to be caught at their work."""

SERVER_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    # Asked for work every two seconds instead of every ten: no instant is lost with waiting.
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_WORKER_HEARTBEAT_SECONDS": "10",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}


@dataclass(slots=True)
class Stack:
    """Everything that runs, and where it keeps what it keeps."""

    folder: Path
    postgres: Server
    api: str
    portal: str
    """Where the portal answers."""
    env: dict[str, str]
    units: dict[str, Unit] = field(default_factory=dict)

    @property
    def taken(self) -> Path:
        """What the mail server took."""
        return self.folder / "taken"

    @property
    def url(self) -> str:
        """The ledger."""
        return self.env["DUBAN_DATABASE_URL"]

    def tend(self) -> None:
        """Start again whatever does not run, as an orchestrator does."""
        if not self.postgres.unit.alive:
            self.postgres.start()
        for unit in self.units.values():
            if not unit.alive:
                unit.start()

    def flow_runs(self) -> dict[int, str]:
        """The flow runs that are at work here: process and id in Prefect."""
        found: dict[int, str] = {}
        for name in WORKERS:
            if name in self.units and (pid := self.units[name].pid):
                found |= {child: environment(child, "PREFECT__FLOW_RUN_ID")
                          for child in descendants(pid)}  # fmt: skip
        return {pid: run for pid, run in found.items() if run}

    def server_answers(self) -> bool:
        """Whether Prefect's server does."""
        return _answers(f"{self.api}/health")

    def portal_answers(self) -> bool:
        """Whether the portal does."""
        return _answers(f"{self.portal}/health")


def _answers(address: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(address, timeout=2).status_code == 200
    return False


@contextmanager
def running(folder: Path | None = None) -> Iterator[Stack]:
    """The stack, for as long as this lasts; nothing of it is left."""
    with ExitStack() as end:
        if folder is None:
            folder = Path(end.enter_context(TemporaryDirectory(prefix="duban-kill-")))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        stack = _laid_out(folder)
        end.callback(_stop, stack)
        stack.postgres.create()
        stack.postgres.start()
        stack.postgres.new("duban")
        stack.postgres.new("prefect")
        for role in ROLES.values():
            stack.postgres.role(role)
        port = sinks.free_port()
        sink = sinks.start("smtp", port, stack.taken, WAIT)
        end.callback(sinks.end, sink)
        city.set_up(stack.env, port)
        _start(stack)
        yield stack


def _laid_out(folder: Path) -> Stack:
    postgres = Server(folder / "pg")
    prefect, portal = sinks.free_port(), sinks.free_port()
    api, address = f"http://127.0.0.1:{prefect}/api", f"http://127.0.0.1:{portal}"
    home = folder / "home"
    home.mkdir()
    env = SERVER_SETTINGS | {
        "DUBAN_HOME": str(home),
        "DUBAN_DATABASE_URL": postgres.url("duban"),
        "DUBAN_PORTAL_PORT": str(portal),
        "DUBAN_PORTAL_URL": address,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": postgres.url("prefect", "postgresql+asyncpg"),
    }
    stack = Stack(folder, postgres, api, address, env)
    at = ("--host", "127.0.0.1", "--port", str(prefect))
    stack.units["server"] = _unit(stack, "server", "-m", "prefect", "server", "start", *at)
    stack.units["portal"] = _unit(stack, "portal", "-m", "portal.serve")
    for name in WORKERS:
        how = ("--pool", POOL, "--type", "process", "--limit", "2", "--name", name)
        stack.units[name] = _unit(stack, name, "-m", "prefect", "worker", "start", *how)
    if find_spec("duban.reacting"):
        stack.units["task worker"] = _unit(stack, "task worker", "-m", "duban.reacting")
    return stack


def _unit(stack: Stack, name: str, *arguments: str) -> Unit:
    log = stack.folder / f"{name.replace(' ', '-')}.log"
    return Unit(name, python(*arguments), log, stack.env)


def _start(stack: Stack) -> None:
    from bench.reliability.rounds import register  # noqa: PLC0415 - it brings Prefect

    stack.units["server"].start()
    stack.units["portal"].start()
    wait_until("the Prefect server", stack.server_answers, 240)
    register(stack.env)
    stack.tend()
    wait_until("the portal", stack.portal_answers)


def _stop(stack: Stack) -> None:
    for name in reversed(stack.units):
        stack.units[name].stop(patience=5)
    stack.postgres.stop()
