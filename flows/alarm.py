"""告警: a run that failed, or rounds that do not come, is said aloud."""

from datetime import datetime

from prefect import flow

from flows.running import instant
from tasks.alarming import ring


@flow(name="alarm", flow_run_name="alarm: {of} {why}", timeout_seconds=300)
def alarm(at: datetime | None = None, of: str = "", why: str = "") -> None:
    """Say of the round `of` what an automation found: that it crashed, failed, or is late.

    An alarm that itself comes too late says nothing: what is still wrong is found again.
    """
    if instant(at) is not None:
        ring(of, why)
