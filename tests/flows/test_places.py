"""The only place of a deployment does not stay taken by a run whose process was killed."""

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.objects import StateType as Type
from prefect.states import Pending, Running

from duban.serving import free_places
from flows.deliver import deliver

ALONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def begun(deployment: UUID) -> tuple[UUID, Type]:
    """A run of the deployment that was just begun, and what the server made of it."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(deployment)
        client.set_flow_run_state(run.id, Pending())
        state = client.read_flow_run(run.id).state
        if state and state.type is Type.PENDING:  # it was given the place
            client.set_flow_run_state(run.id, Running())
            state = client.read_flow_run(run.id).state
        assert state is not None
        return run.id, state.type


def test_what_a_killed_process_left_is_ended_and_the_next_round_begins(
    prefect_server: None,
) -> None:
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow(deliver)
        deployment = client.create_deployment(
            flow_id, "places", concurrency_limit=1, concurrency_options={
                "collision_strategy": ALONE.collision_strategy
            },
        )  # fmt: skip
    left, state = begun(deployment)
    assert state is Type.RUNNING
    assert begun(deployment)[1] is Type.CANCELLED
    assert free_places(["places"]) == 1
    with get_client(sync_client=True) as client:
        over = client.read_flow_run(left).state
    assert over is not None
    assert over.type is Type.CRASHED
    assert begun(deployment)[1] is Type.RUNNING
    assert free_places(["no such deployment"]) == 0
