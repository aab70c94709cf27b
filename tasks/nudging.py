"""催一下: asks for what a click caused to be done at once. Best effort, and never in the way.

The promise is the round within the minute; this only makes it sooner.
"""

import logging
import os
import time
from datetime import timedelta
from threading import Event, Thread

import pendulum

_log = logging.getLogger("duban.nudging")

TOGETHER = 0.1
"""Seconds in which more clicks join the same nudge."""
SULK = 30.0
"""Seconds to leave a server alone that did not answer."""
WAITS_FOR = timedelta(minutes=1)
"""A reaction asked for so long ago that nobody has begun is not counted on any more."""


class Nudger:
    """One thread that passes on nudges, as many as come in a moment as one."""

    def __init__(self) -> None:
        self._asked = Event()
        Thread(target=self._run, name="nudging", daemon=True).start()

    def nudge(self) -> None:
        """Something may be owed now. Returns at once."""
        self._asked.set()

    def _run(self) -> None:
        import tasks.react  # noqa: F401, PLC0415 - brings Prefect: not while somebody waits

        while self._asked.wait():
            time.sleep(TOGETHER)
            self._asked.clear()
            try:
                ask()
            except Exception as error:
                _log.warning("no reaction could be asked for: %s", type(error).__name__)
                time.sleep(SULK)


def nudger() -> Nudger | None:
    """Whoever passes nudges on; None where no Prefect server is named."""
    return Nudger() if os.environ.get("PREFECT_API_URL") else None


def ask() -> bool:
    """Ask for a reaction, unless one has been asked for that nobody has begun; whether it was."""
    from tasks.react import TAG, react  # noqa: PLC0415 - brings Prefect, which takes seconds

    if _one_waits(TAG):
        return False
    react.delay()
    return True


def _one_waits(tag: str) -> bool:
    from prefect.client import orchestration  # noqa: PLC0415 - as above
    from prefect.client.schemas import filters, objects, sorting  # noqa: PLC0415

    scheduled = filters.TaskRunFilterStateType(any_=[objects.StateType.SCHEDULED])
    mine = filters.TaskRunFilter(
        tags=filters.TaskRunFilterTags(all_=[tag]),
        state=filters.TaskRunFilterState(type=scheduled),
    )
    newest = sorting.TaskRunSort.EXPECTED_START_TIME_DESC
    with orchestration.get_client(sync_client=True) as client:
        found = client.read_task_runs(task_run_filter=mine, sort=newest, limit=1)
    since = pendulum.now("UTC") - WAITS_FOR
    return any((run.expected_start_time or since) > since for run in found)
