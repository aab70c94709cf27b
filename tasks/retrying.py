"""What every task shares: how often it is tried again, and when it is not."""

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from ledger.database import DatabaseTrouble
from models.words import Trouble

# A lost connection or a busy database is worth another try within the minute; the sweep a
# minute later is the promise behind it.
RETRY: dict[str, Any] = {"retries": 3, "retry_delay_seconds": [1, 5, 15]}


def worth_it(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether to try again: not when what is wrong will be as wrong in a minute."""
    what = state.result(raise_on_failure=False)
    return isinstance(what, DatabaseTrouble) or not isinstance(what, Trouble)
