"""自检: the log is signed; then looks overdue, notices stuck, a calendar about to end, a log that
does not hold."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.audit import check_health, seal_log, tidy_up
from tasks.forgetting import forget_reactions


@flow(name="audit", flow_run_name="audit", timeout_seconds=3600, on_failure=[failed])
def audit(at: datetime | None = None) -> list[dict[str, str | int]]:
    """What is not as it should be as of `at`; empty when all is well."""
    moment = instant(at)
    if moment is None:
        return []
    # A log that cannot be signed fails the run, but not before it was looked at.
    sealed = seal_log(moment, return_state=True)
    found = check_health(moment)
    tidy_up(moment)
    forget_reactions(return_state=True)  # only Prefect's own house is fuller without it
    leave("audit", moment, found, {"ailments": len(found)})
    sealed.result()
    return found
