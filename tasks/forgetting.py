"""清理: reactions that Prefect keeps for ever. Its own clearing knows only the runs of flows."""

from datetime import timedelta

import pendulum
from prefect import task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterTags
from prefect.client.schemas.sorting import TaskRunSort

from tasks.react import TAG

KEPT = timedelta(days=1)
PAGE = 200
MOST = 5_000
"""So many go in one hour; a busy day has fewer."""


@task(task_run_name="forget old reactions")
def forget_reactions() -> int:
    """Delete the runs of reactions that are over or were never begun; gives how many."""
    gone = 0
    with get_client(sync_client=True) as client:
        while gone < MOST and (some := _forget_some(client)):
            gone += some
    return gone


def _forget_some(client: SyncPrefectClient) -> int:
    before = pendulum.now("UTC") - KEPT
    oldest = client.read_task_runs(
        task_run_filter=TaskRunFilter(tags=TaskRunFilterTags(all_=[TAG])),
        sort=TaskRunSort.EXPECTED_START_TIME_ASC,
        limit=PAGE,
    )
    old = [run for run in oldest if run.expected_start_time and run.expected_start_time < before]
    for run in old:
        client.delete_task_run(run.id)
    return len(old)
