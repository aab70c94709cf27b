"""交办: hand filed cases to their units."""

from datetime import datetime

from prefect import task

from ledger import sweeps
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="dispatch as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def dispatch_filed(at: datetime) -> dict[str, int]:
    """Dispatch every filed case; counts `dispatched` and `undecided`."""
    return dict(sweeps.dispatch_filed(ledger(), at))
