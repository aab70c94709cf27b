"""The rounds of the engine as flow runs: registered for the workers, asked for, counted."""

import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Any

import requests
from sqlalchemy.engine import make_url

from bench.reliability.processes import ROOT, python
from bench.reliability.watch import DELIVERY, ROLES, SWEEP

FLOWS = {"dispatch": SWEEP, "follow-up": SWEEP, "deliver": DELIVERY}
"""What is asked for, and the phase it belongs to."""
TURNS = ("follow-up", "deliver", "follow-up", "deliver", "dispatch", "deliver")
"""In this order they are asked for."""
WAITING, UNDER_WAY = ("SCHEDULED",), ("PENDING", "RUNNING")
"""Whoever was killed leaves a run that is called pending or running until Prefect notices."""


def register(env: Mapping[str, str]) -> None:
    """Register the pool and the deployments at the Prefect server named by `env`."""
    command = python("-m", "bench.reliability.rounds")
    subprocess.run(command, env=os.environ | dict(env), cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip


def main() -> None:
    """Register, in the surroundings of this process."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.actions import WorkPoolCreate  # noqa: PLC0415
    from prefect.types.entrypoint import EntrypointType  # noqa: PLC0415

    from bench.reliability.stack import POOL  # noqa: PLC0415
    from duban.serving import _flow  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
    for name, phase in FLOWS.items():
        flow = _flow(f"flows.{name.replace('-', '_')}.{name.replace('-', '_')}")
        # The name under which its sessions are seen at the database.
        url = make_url(os.environ["DUBAN_DATABASE_URL"]).set(username=ROLES[phase])
        variables = {"env": {"DUBAN_DATABASE_URL": url.render_as_string(hide_password=False)}}
        deployment: Any = flow.to_deployment(
            name=name, work_pool_name=POOL, job_variables=variables,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )  # fmt: skip
        deployment.apply()


@dataclass(slots=True)
class Rounds:
    """Asks for rounds, always a few ahead of the workers, and knows what it has asked for."""

    api: str
    asked: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """By the id of the run: which flow, as of when."""
    swept: set[datetime] = field(default_factory=set)
    """Instants for which a sweep was asked for; whether anybody heard of it or not."""
    _ids: dict[str, str] = field(default_factory=dict)
    _turns: Any = field(default_factory=lambda: cycle(TURNS))

    def keep_going(self, at: datetime, ahead: int = 2) -> None:
        """See to it that so many runs wait for a worker. The server may be away."""
        with suppress(requests.RequestException, KeyError):
            while self.count(WAITING) < ahead:
                self.ask(next(self._turns), at)

    def ask(self, name: str, at: datetime) -> str:
        """Ask for one run as of an instant; gives its id. Raises RequestException."""
        if name not in self._ids:
            found = self._call("GET", f"deployments/name/{name}/{name}")
            self._ids[name] = found["id"]
        if name == "follow-up":
            self.swept.add(at)
        body = {"parameters": {"at": at.isoformat()}, "state": {"type": "SCHEDULED"}}
        made = self._call("POST", f"deployments/{self._ids[name]}/create_flow_run", body)
        self.asked[made["id"]] = (name, at)
        return str(made["id"])

    def count(self, states: tuple[str, ...]) -> int:
        """How many runs are in one of these states. Raises RequestException."""
        body = {"flow_runs": {"state": {"type": {"any_": list(states)}}}}
        return int(self._call("POST", "flow_runs/count", body))

    def ended(self, run: str) -> str:
        """The state a run has ended in; empty while it has not. Raises RequestException."""
        state = self._call("GET", f"flow_runs/{run}")["state_type"]
        return "" if state in WAITING + UNDER_WAY else str(state)

    def states(self) -> Counter[str]:
        """What became of all that was asked for. Raises RequestException."""
        states = (*WAITING, *UNDER_WAY, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return Counter({state: self.count((state,)) for state in states})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.api}/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()


if __name__ == "__main__":
    main()
