"""单位周报: owe the weekly summaries whose day and hour have come."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect import task

from ledger import subscriptions
from ledger.database import Ledger
from ledger.reference import Reference
from notices.summary import facts_of
from rules.subscription import Summary
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="owe the weekly summaries due by {at}",
    retry_condition_fn=worth_it,
    **RETRY,
)
def owe_summaries(at: datetime) -> dict[str, int]:
    """Owe every summary that is due; counts `summed`."""
    counts = owe(ledger(), at)
    return {"summed": counts["summed"]} if counts["summed"] else {}


def owe(ledger: Ledger, at: datetime) -> Counter[str]:
    """Owe every summary that is due; counts `summed`, and `quiet` where there is nothing to say."""
    return subscriptions.owe_due(ledger, at, _say)


def _say(told: Summary, reference: Reference) -> Mapping[str, Any]:
    return facts_of(told, reference.zone)
