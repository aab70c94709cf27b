"""自检: look for what the engine should have done and has not."""

from dataclasses import asdict
from datetime import datetime

from prefect import task

from ledger import health
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="self-check as of {at}",
    timeout_seconds=1800,
    retry_condition_fn=worth_it,
    **RETRY,
)
def check_health(at: datetime) -> list[dict[str, str | int]]:
    """What is not as it should be; an empty list when all is well."""
    return [asdict(ailment) for ailment in health.ailments(ledger(), at)]
