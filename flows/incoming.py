"""来信: what came by mail is fetched and taken in; nothing is ever answered."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.incoming import fetch_mail


@flow(name="incoming", flow_run_name="incoming", timeout_seconds=1800, on_failure=[failed])
def incoming(at: datetime | None = None) -> dict[str, int]:
    """Fetch what lies unseen in the mailbox as of `at`; counts mails by what they were."""
    moment = instant(at)
    if moment is None:
        return {}
    counts = fetch_mail(moment)
    leave("incoming", moment, [counts] if counts else [], counts)
    return counts
