"""投递: send what is owed. The only task that talks to the world."""

from datetime import datetime

from prefect import task

from tasks import sending
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import home, ledger, portal, vault


@task(
    task_run_name="send what is owed as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def send_owed(at: datetime) -> dict[str, int]:
    """Send every notice due; counts `sent`, `retrying`, `dead`, `moot`, `waiting`, `capped`."""
    messages, templates = home() / "messages", home() / "templates"
    return dict(
        sending.deliver(ledger(), at, messages, portal=portal(), vault=vault(), templates=templates)
    )
