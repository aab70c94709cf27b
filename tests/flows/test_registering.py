"""What `duban deploy` registers on a real Prefect server: once or often, for few or for many."""

from collections import Counter

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from duban.deploying import POOL, planned
from duban.registering import register
from flows.alarm import alarm
from ledger.heartbeats import all_beats
from models.words import Trouble
from tasks import beating
from tests.world import World


@pytest.fixture
def client(city: World) -> SyncPrefectClient:
    return get_client(sync_client=True)


def schedules(client: SyncPrefectClient) -> dict[str, bool]:
    """Which deployments have a schedule that plans runs."""
    return {
        one.name: not one.paused and any(schedule.active for schedule in one.schedules)
        for one in client.read_deployments()
        if one.work_pool_name == POOL
    }


def test_registering_again_changes_nothing_and_fewer_workers_leave_nothing_running(
    city: World, client: SyncPrefectClient
) -> None:
    plan = planned(2, mail=False)
    once = register(plan, "process", "", "https://watch.example/secret")
    assert once.paused == ()
    wanted = {one.name: one.active for one in plan.deployments}
    assert schedules(client) == wanted

    alone = register(planned(1, mail=False), "process", "", "")
    assert set(alone.paused) == {"follow-up-1", "follow-up-2"}
    running = {name for name, on in schedules(client).items() if on}
    assert running == {"sweep", "audit", "look-back", "archive"}
    known = Counter(one.name for one in client.read_automations())
    assert known == Counter(alone.automations)
    assert "duban: deliver is late" not in known

    again = register(plan, "process", "", "https://watch.example/secret")
    assert schedules(client) == {**wanted, "follow-up": False}
    assert (again.active, again.automations) == (once.active, once.automations)
    known = Counter(one.name for one in client.read_automations())
    assert known == Counter(once.automations)

    sweep = client.read_deployment_by_name("sweep/sweep")
    assert sweep.entrypoint == "flows.sweep.sweep"
    assert not sweep.pull_steps
    assert sweep.path is None
    queues = {one.name: one for one in client.read_work_queues(work_pool_name=POOL)}
    assert queues["heavy"].concurrency_limit == 1

    with pytest.raises(Trouble, match="work-pool delete"):
        register(plan, "kubernetes", "registry.example/duban:0.1.0", "")


def test_an_alarm_stands_beside_the_round_it_is_about(city: World) -> None:
    alarm(of="sweep", why="late: sweep")
    with city.ledger.transaction() as connection:
        (beat,) = all_beats(connection)
    assert (beat.name, beat.error, beat.failures) == ("sweep", "late: sweep", 1)


def test_a_round_that_came_again_before_it_was_missed_rings_no_alarm(
    city: World, caplog: pytest.LogCaptureFixture
) -> None:
    beating.went_well("deliver", 1.0, {})
    alarm(of="deliver", why="late: deliver")
    with city.ledger.transaction() as connection:
        (beat,) = all_beats(connection)
    assert beat.failures == 0
    assert "has come since" in caplog.text


def test_an_alarm_counts_no_failure_that_the_round_has_told_itself(city: World) -> None:
    beating.failed("follow-up-2", "disk full")
    alarm(of="follow-up-2", why="Flow run encountered an exception: disk full")
    with city.ledger.transaction() as connection:
        (beat,) = all_beats(connection)
    assert (beat.name, beat.error, beat.failures) == ("follow-up-2", "disk full", 1)
