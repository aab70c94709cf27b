"""收件: papers that lie in the inbox become cases."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.intake import Line, take_papers


@flow(name="intake", flow_run_name="intake", timeout_seconds=1800, on_failure=[failed])
def intake(at: datetime | None = None) -> list[Line]:
    """Take in the inbox as of `at`; one line for each paper."""
    moment = instant(at)
    if moment is None:
        return []
    lines = take_papers(moment)
    leave("intake", moment, lines, {"papers": len(lines)})
    return lines
