"""投递: what is owed is sent, and what came back is written down."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.deliver import send_owed
from tasks.hooks import call_hooks


@flow(name="deliver", flow_run_name="deliver", timeout_seconds=1800, on_failure=[failed])
def deliver(at: datetime | None = None) -> dict[str, int]:
    """Send what is owed as of `at`; counts what became of it, as `tasks.sending` does."""
    moment = instant(at)
    if moment is None:
        return {}
    counts = send_owed(moment) | call_hooks(moment)
    leave("deliver", moment, [counts], counts)
    return counts
