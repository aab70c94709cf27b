"""Telling a Prefect server what is planned: pool, queues, deployments, automations. Repeatable."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pendulum
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from duban.automations import OURS, Watch, automations
from duban.deploying import POOL, Plan, Planned, Queue, Schedule
from ledger.loading import SHIPPED
from models.words import Trouble

FIRST_RUN = timedelta(seconds=10)
"""After it is registered, where the schedule does not say from when on."""

COMMAND = f"{shlex.quote(sys.executable)} -m prefect.engine"
"""Named, a run is one process; unnamed, Prefect starts a second that would fetch its code. By its
whole path, so that no worker needs it in PATH: the program lies at one place on all machines."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the server knows now."""

    deployments: tuple[str, ...]
    active: tuple[str, ...]
    automations: tuple[str, ...]
    paused: tuple[str, ...]
    """Deployments of an earlier plan that are in this one no more; their runs are kept."""


def register(plan: Plan, pool_type: str, image: str, watch: str) -> Registered:
    """Tell the server at PREFECT_API_URL; `watch` is the address to call where rounds stay away.

    Raises Trouble when the pool is there already as one of another type.
    """
    with get_client(sync_client=True) as client:
        _pool(client, pool_type, image)
        for queue in plan.queues:
            _queue(client, queue)
        known = {one.name: _deployment(client, one, pool_type) for one in plan.deployments}
        paused = tuple(_pause_others(client, set(known.values())))
        wanted = automations(plan, known["alarm"], Watch.kept(watch))
        _automations(client, wanted)
    return Registered(
        deployments=tuple(known),
        active=tuple(one.name for one in plan.deployments if one.active),
        automations=tuple(one.name for one in wanted),
        paused=paused,
    )


def _pool(client: SyncPrefectClient, pool_type: str, image: str) -> None:
    template = _template(pool_type, image)
    try:
        known = client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type=pool_type, base_job_template=template)
        )
        return
    if known.type != pool_type:
        raise Trouble(
            f"工作池 {POOL} 已登记为 {known.type}，类型不能更改。请先停掉执行进程，用 "
            f"prefect work-pool delete {POOL} 删除，再次登记；案件不受影响。",
            f"The work pool {POOL} is registered as {known.type}, which cannot be changed. Stop "
            f"the workers, remove it with prefect work-pool delete {POOL}, and register again; "
            "no case is touched.",
        )
    client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


def _template(pool_type: str, image: str) -> dict[str, Any]:
    if pool_type == "process":
        return ProcessWorker.get_default_base_job_template()
    text = (SHIPPED / "kubernetes" / "base-job-template.yaml").read_text("utf-8")
    template: dict[str, Any] = yaml.safe_load(text)
    template["variables"]["properties"]["image"]["default"] = image
    return template


def _queue(client: SyncPrefectClient, queue: Queue) -> None:
    try:
        client.create_work_queue(
            queue.name,
            priority=queue.priority,
            concurrency_limit=queue.concurrency_limit,
            work_pool_name=POOL,
        )
    except ObjectAlreadyExists:
        known = client.read_work_queue_by_name(queue.name, work_pool_name=POOL)
        client.update_work_queue(
            known.id, priority=queue.priority, concurrency_limit=queue.concurrency_limit
        )


def _deployment(client: SyncPrefectClient, one: Planned, pool_type: str) -> UUID:
    module, _, name = one.entrypoint.rpartition(".")
    flow = getattr(import_module(module), name)
    return client.create_deployment(
        flow_id=client.create_flow_from_name(flow.name),
        name=one.name,
        version=version("duban"),
        entrypoint=one.entrypoint,
        description=one.description,
        tags=list(one.tags),
        work_pool_name=POOL,
        work_queue_name=one.queue,
        concurrency_limit=one.limit,
        concurrency_options=ConcurrencyOptions(
            collision_strategy=ConcurrencyLimitStrategy(one.collision)
        ),
        parameters=one.parameters,
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=True,
        schedules=[_schedule(schedule) for schedule in one.schedules],
        paused=False,
        pull_steps=[],
        job_variables={"command": COMMAND} if pool_type == "process" else {},
    )


def _schedule(said: Schedule) -> DeploymentScheduleCreate:
    planned: CronSchedule | IntervalSchedule
    if said.cron:
        planned = CronSchedule(cron=said.cron, timezone=said.timezone)
    else:
        planned = IntervalSchedule(
            interval=timedelta(seconds=said.interval or 0), anchor_date=_anchor(said)
        )
    return DeploymentScheduleCreate(schedule=planned, active=said.active)


def _anchor(said: Schedule) -> datetime:
    if said.anchor_date:
        return datetime.fromisoformat(said.anchor_date)
    return pendulum.now("UTC") + FIRST_RUN


def _pause_others(client: SyncPrefectClient, wanted: set[UUID]) -> Iterator[str]:
    """Pause what an earlier plan registered: with fewer workers, the shares that are no more."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["duban"]))
    for known in client.read_deployments(deployment_filter=ours):
        if known.id not in wanted:
            client.pause_deployment(known.id)
            yield known.name


def _automations(client: SyncPrefectClient, wanted: list[AutomationCore]) -> None:
    """Have these and no other of ours: a round that is planned no more would be late for ever."""
    known = {one.name: one.id for one in client.read_automations() if one.name.startswith(OURS)}
    for one in wanted:
        if one.name in known:
            client.update_automation(known.pop(one.name), one)
        else:
            client.create_automation(one)
    for left in known.values():
        client.delete_automation(left)
