"""The process that serves the deployments of `deploy/prefect.yaml` to the running server."""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

import pendulum
import yaml
from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    State,
    StateType,
)
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.flows import Flow
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType

from duban import logs
from duban.settings import prepare
from ledger.loading import SHIPPED

FIRST_ROUND = timedelta(seconds=10)
"""After the start, not up to a whole interval later: whoever has just started looks for it."""


def declared() -> list[dict[str, Any]]:
    """The deployments as `deploy/prefect.yaml` declares them."""
    return list(yaml.safe_load((SHIPPED / "prefect.yaml").read_text("utf-8"))["deployments"])


NEEDS = {"incoming": "DUBAN_IMAP_URL"}
"""What is served only where a setting says with whom to work."""


def deployments() -> Iterator[Any]:
    """Those with an active schedule, ready to be served on this machine."""
    lacking = {name for name, setting in NEEDS.items() if not os.environ.get(setting)}
    for one in declared():
        if one["name"] in lacking:
            continue
        schedules = [s for s in one["schedules"] if s.get("active", True)]
        if schedules:
            limit = one["concurrency_limit"]
            yield _flow(one["entrypoint"]).to_deployment(
                name=one["name"],
                schedules=[_schedule(s) for s in schedules],
                description=one["description"],
                tags=one["tags"],
                concurrency_limit=ConcurrencyLimitConfig(
                    limit=limit["limit"],
                    collision_strategy=ConcurrencyLimitStrategy(limit["collision_strategy"]),
                ),
                entrypoint_type=EntrypointType.MODULE_PATH,
            )


def _flow(entrypoint: str) -> Flow[..., Any]:
    module, _, name = entrypoint.rpartition(".")
    flow: Flow[..., Any] = getattr(import_module(module), name)
    return flow


def _schedule(declared: dict[str, Any]) -> CronSchedule | IntervalSchedule:
    if "cron" in declared:
        return CronSchedule(cron=declared["cron"], timezone=declared.get("timezone"))
    interval = timedelta(seconds=declared["interval"])
    return IntervalSchedule(interval=interval, anchor_date=pendulum.now("UTC") + FIRST_ROUND)


def free_places(names: Sequence[str]) -> int:
    """End the runs that an earlier process left behind when it was killed; gives how many.

    Each holds the only place of its deployment, and Prefect's server, if it was killed with them,
    knows no more until when: no round would ever begin again.
    """
    begun = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
    over: State[None] = Crashed(message="Its process was killed; the next round does its work.")
    with get_client(sync_client=True) as client:
        left = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=list(names))),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=begun)),
        )
        for run in left:
            client.set_flow_run_state(run.id, over, force=True)
    return len(left)


def main() -> None:
    """Serve until told to stop."""
    prepare()
    logs.set_up()
    ours = list(deployments())
    free_places([one.name for one in ours])
    serve(*ours, pause_on_shutdown=False, limit=2)


if __name__ == "__main__":
    main()
