"""What Prefect's server does by itself: crashed runs freed, late ones dropped, alarms given.

Nobody is written to from here: Prefect's own notifications keep one Apprise object, which lets
one message through in 5.5 seconds. An alarm is a run of the deployment `alarm`; and where rounds
stay away altogether, perhaps because no worker runs, the server itself calls the watch outside.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, CallWebhook, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from duban.deploying import Plan
from rules.heartbeat import LATE

GONE = timedelta(seconds=100)
"""Without a heartbeat for so long a run is dead; PREFECT_FLOWS_HEARTBEAT_FREQUENCY is 30."""

UNBORN = timedelta(minutes=5)
"""Begun by a worker and still not running: it was killed before its first heartbeat."""

STALE = timedelta(minutes=2)
"""A round that has been late for so long is dropped: two newer ones do its work."""

MISSED = timedelta(minutes=5)
"""Without a finished round for so long somebody has to look."""

QUIET = timedelta(minutes=10)
"""One alarm for the failures of a deployment within so long."""

OURS = "duban: "
"""How the names of our automations begin."""

BLOCK = "duban-watch"
_RUN = "prefect.flow-run."
_WHY = "{{ flow_run.state.message or flow_run.state_name }}"
_ENDED = {f"{_RUN}{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut")}


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch outside, as the server knows it; None where there is none."""

    block_id: UUID | None

    @classmethod
    def kept(cls, address: str) -> "Watch":
        """Keep the address on the server, sealed; it is asked at /fail."""
        if not address:
            return cls(None)
        block = Webhook(method="POST", url=f"{address.rstrip('/')}/fail")  # type: ignore[arg-type]
        return cls(UUID(str(block.save(BLOCK, overwrite=True))))


def automations(plan: Plan, alarm: UUID, watch: Watch) -> list[AutomationCore]:
    """The automations of a plan; `alarm` is the deployment they run."""
    rounds = [one.name for one in plan.deployments if one.every_minute]
    late = [_late(name, alarm, watch) for name in rounds]
    return [_crashed(), _unborn(), _dropped(rounds), _failed(alarm), *late]


def _of(*names: str) -> dict[str, str | list[str]]:
    return {"prefect.resource.role": "deployment", "prefect.resource.name": list(names)}


TAGGED: dict[str, str | list[str]] = {
    "prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.duban",
}  # fmt: skip
PLANNED: dict[str, str | list[str]] = {
    "prefect.resource.role": "deployment", "prefect.resource.id": "prefect.deployment.*",
}  # fmt: skip
"""A run of a deployment, not one that another run made."""


def _crashed() -> AutomationCore:
    """A killed process leaves its run in Running, and with it the only place of its kind."""
    return _ends(
        "a run without a heartbeat has crashed",
        "进程已不在的运行记为崩溃，让出位置 · the place of a dead run is freed",
        _stays({"Running", "heartbeat"}, {"heartbeat"}, GONE, TAGGED),
        _becomes(StateType.CRASHED, "Crashed", "No heartbeat: the process is gone."),
    )


def _unborn() -> AutomationCore:
    """Killed between being taken up and its first heartbeat, a run holds its place as well."""
    return _ends(
        "a run that never began has crashed",
        "领取后没有开始的运行记为崩溃 · taken up, and never begun",
        _stays({"Pending"}, {"Running", "heartbeat"}, UNBORN, TAGGED, PLANNED),
        _becomes(StateType.CRASHED, "Crashed", "Never began: its process is gone."),
    )


def _dropped(rounds: list[str]) -> AutomationCore:
    """After an outage only the newest rounds run: the ledger knows what is due, not the queue."""
    return _ends(
        "a round that is too late is dropped",
        "迟到两分钟的一轮由更新的一轮代替 · newer rounds do the work",
        _stays({"Late"}, {"Pending", "Running"}, STALE, _of(*rounds)),
        _becomes(StateType.CANCELLED, "Cancelled", "Late: newer rounds do the work."),
    )


def _ends(name: str, words: str, trigger: EventTrigger, action: ActionTypes) -> AutomationCore:
    return AutomationCore(
        name=f"{OURS}{name}", description=words, trigger=trigger, actions=[action]
    )


def _stays(
    after: set[str], expect: set[str], within: timedelta, *related: dict[str, str | list[str]]
) -> EventTrigger:
    """Some run has come so far, and for so long neither further nor to its end."""
    return EventTrigger(
        match={"prefect.resource.id": f"{_RUN}*"},
        match_related=list(related),
        after={f"{_RUN}{name}" for name in after},
        expect={f"{_RUN}{name}" for name in expect} | _ENDED,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _failed(alarm: UUID) -> AutomationCore:
    return AutomationCore(
        name=f"{OURS}a run has failed",
        description="运行失败、崩溃或超时 · failed, crashed or timed out",
        trigger=EventTrigger(
            match={"prefect.resource.id": f"{_RUN}*"},
            match_related=[TAGGED, PLANNED],
            expect={f"{_RUN}{name}" for name in ("Failed", "Crashed", "TimedOut")},
            for_each={"related:deployment:prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=QUIET,
        ),
        actions=[_ring(alarm, "{{ deployment.name }}", _WHY)],
    )


def _late(name: str, alarm: UUID, watch: Watch) -> AutomationCore:
    """Since one round was finished, no other was. Told once, until they come again.

    What never ran is not missed: whoever installs it looks (`duban doctor`). To begin with the
    registering instead would be wrong: Prefect holds back what it sees of runs that were planned
    less than five minutes before, because nothing told it of their planning.
    """
    calls: list[ActionTypes] = [_ring(alarm, name, f"{LATE}{name}")]
    if watch.block_id:
        said = f"{OURS}no {name} has been finished for {MISSED.seconds // 60} minutes"
        calls.append(CallWebhook(block_document_id=watch.block_id, payload=said))
    return AutomationCore(
        name=f"{OURS}{name} is late",
        description=f"五分钟没有完成一轮 {name} · no round for five minutes",
        trigger=EventTrigger(
            match={"prefect.resource.id": f"{_RUN}*"},
            match_related=[_of(name)],
            after={f"{_RUN}Completed"},
            expect={f"{_RUN}Completed"},
            posture=Posture.Proactive,
            threshold=1,
            within=MISSED,
        ),
        actions=calls,
    )


def _becomes(state: StateType, name: str, why: str) -> ActionTypes:
    return ChangeFlowRunState(state=state, name=name, message=why, force=False)


def _ring(alarm: UUID, of: str, why: str) -> ActionTypes:
    said = {"of": of, "why": why}
    templates = {name: {"__prefect_kind": "jinja", "template": t} for name, t in said.items()}
    return RunDeployment(
        source="selected", deployment_id=alarm, parameters=templates, job_variables=None
    )
