"""自检: sign the log, and look for what the engine should have done and has not."""

from dataclasses import asdict
from datetime import datetime

from prefect import task

from ledger import health
from tasks import keys, sealing, tidying
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import home, ledger, store


@task(
    task_run_name="seal the log as of {at}",
    timeout_seconds=1800,
    retry_condition_fn=worth_it,
    **RETRY,
)
def seal_log(at: datetime) -> int:
    """The position up to which the log is signed; 0 when there is nothing that may be signed."""
    sealed = sealing.seal(ledger(), home(), at)
    return sealed.position if sealed else 0


@task(
    task_run_name="tidy up as of {at}",
    timeout_seconds=1800,
    retry_condition_fn=worth_it,
    **RETRY,
)
def tidy_up(at: datetime) -> dict[str, int]:
    """How much was forgotten that nobody needs any more, by what it was."""
    return dict(tidying.tidy(ledger(), store(), at))


@task(
    task_run_name="self-check as of {at}",
    timeout_seconds=1800,
    retry_condition_fn=worth_it,
    **RETRY,
)
def check_health(at: datetime) -> list[dict[str, str | int]]:
    """What is not as it should be; an empty list when all is well."""
    known = keys.trusted(home()), keys.last_seal(home())
    return [asdict(ailment) for ailment in health.ailments(ledger(), at, *known)]
