"""外发接口: other systems are told what happened to cases."""

from datetime import datetime

from prefect import task

from tasks import calling
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import hooks_private, ledger, vault


@task(
    task_run_name="call other systems as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def call_hooks(at: datetime) -> dict[str, int]:
    """Tell every hook what has happened since; counts `called`, `refused` and `given_up`."""
    return dict(calling.call_all(ledger(), at, vault(), private=hooks_private()))
