"""存档: once a day, what was sent about cases closed long ago leaves the outbox."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.archiving import move_to_archive


@flow(name="archive", flow_run_name="archive", timeout_seconds=7200, on_failure=[failed])
def archive(at: datetime | None = None) -> dict[str, int]:
    """Move what was closed long enough before `at`; counts `notices`, `deliveries` and more."""
    moment = instant(at)
    if moment is None:
        return {}
    counts = move_to_archive(moment)
    leave("archive", moment, [counts] if counts else [], counts)
    return counts
