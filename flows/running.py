"""What every flow does around its work: which instant it stands for, and what it leaves behind."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum
from httpx import HTTPError
from prefect import Flow, State, get_run_logger, runtime
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectException

from duban import logs, tracing
from duban.settings import prepare
from models.instants import plain
from rules.heartbeat import shares
from tasks import beating

STALE = timedelta(minutes=10)
"""A scheduled run that starts this much late leaves the work to a newer one."""

BEYOND_US = (PrefectException, HTTPError, OSError, RuntimeError)
"""What may go wrong with Prefect's server while the work itself is done."""


_began: dict[str, tuple[float, tracing.Under]] = {}
"""When each run of this process began, by its id, and its span."""


def instant(at: datetime | None) -> datetime | None:
    """The instant a run stands for: `at` if given, else the one it was scheduled for.

    None when the run was scheduled too long ago: after an outage only the newest should work.
    A retry keeps the instant of its run.
    """
    prepare()
    logs.set_up()
    tracing.set_up("rounds")
    run = str(runtime.flow_run.id)
    name = str(runtime.flow_run.flow_name)
    _began[run] = time.monotonic(), tracing.begin(f"round {name}", run=run, round=name)
    if at is not None:
        logs.bind(at=at.isoformat())
        return plain(at)
    now = plain(pendulum.now("UTC"))
    planned = plain(runtime.flow_run.scheduled_start_time or now)
    if now - planned > STALE:
        said = f"planned for {planned:%m-%d %H:%M}Z, now stale: a newer run does the work"
        get_run_logger().warning("%s", said)
        _ended(run, {})
        _call_it(f"nothing done, {said}")
        return None
    logs.bind(at=min(now, planned).isoformat())
    return min(now, planned)


def leave(
    key: str,
    at: datetime,
    lines: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    said: str = "",
    together: Sequence[str] = (),
) -> None:
    """Write down that the round `key` went through, and leave a table of what was done and why.

    `together` are the rounds that share its work, see `ledger.heartbeats.beat`.

    The run's name says it in short. The heartbeat is ours; what Prefect keeps about a run is not
    the ledger, so that part is best effort and must not fail it.
    """
    said = said or in_short(counts)
    beating.went_well(key, _ended(str(runtime.flow_run.id), counts), counts, together)
    try:
        create_table_artifact(
            key=key, table=[dict(line) for line in lines], description=f"{said} · {at.isoformat()}"
        )
    except BEYOND_US as error:
        get_run_logger().warning("The run's table could not be left: %s", type(error).__name__)
    _call_it(f"{key} {at.astimezone(UTC):%m-%d %H:%M}Z: {said}")


def failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """What a flow calls when it failed: the heartbeat says so, and why."""
    why = state.message or state.name or ""
    _ended(str(flow_run.id), {}, why)
    beating.failed(_share(flow.name, flow_run.parameters), why)


def _share(name: str, parameters: Mapping[str, Any]) -> str:
    """A round by its name, and which share it is of those that do the work together."""
    together = shares(name, int(parameters.get("of", 1)))
    return together[int(parameters.get("share", 1)) - 1]


def _ended(run: str, counts: Mapping[str, int], error: str = "") -> float:
    """How many seconds a run took until now. Its span ends."""
    if run not in _began:
        return 0.0
    began, under = _began.pop(run)
    under.end(counts, error)
    return time.monotonic() - began


def _call_it(name: str) -> None:
    """Name the run by what it did. Best effort, as above."""
    run_id = runtime.flow_run.id
    if not run_id:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, name=name[:200])
    except BEYOND_US as error:
        get_run_logger().warning("The run could not be named: %s", type(error).__name__)


def in_short(counts: Mapping[str, int]) -> str:
    """Counts as words: "16 reminded, 3 escalated", or "nothing to do"."""
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return said or "nothing to do"
