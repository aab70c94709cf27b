"""交办: filed cases go to the units that answer for them."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.dispatch import dispatch_filed


@flow(name="dispatch", flow_run_name="dispatch", timeout_seconds=1800, on_failure=[failed])
def dispatch(at: datetime | None = None) -> dict[str, int]:
    """Dispatch what is filed as of `at`; counts `dispatched` and `undecided`."""
    moment = instant(at)
    if moment is None:
        return {}
    counts = dispatch_filed(moment)
    leave("dispatch", moment, [counts], counts)
    return counts
