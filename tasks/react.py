"""即时: what a click caused, done at once by whoever runs `duban serve reactions`.

It takes nothing along: what is to be done stands in the ledger. A second one at the same time,
or one that never runs, does no harm: the round within the minute does what was left.
"""

import time
from collections import Counter

from opentelemetry import trace
from prefect import task

from ledger import sweeps
from tasks import beating, sending
from tasks.sending import now
from tasks.surroundings import home, ledger, portal, vault

TAG = "duban-react"

_tracer = trace.get_tracer("duban.react")


@task(
    name="react",
    task_run_name="react",
    tags=[TAG],
    # A task worker keeps every result: under one name, and never in place of the work.
    result_storage_key="duban-react",
    refresh_cache=True,
)
@_tracer.start_as_current_span("round react", record_exception=False, set_status_on_exception=False)
def react() -> dict[str, int]:
    """Dispatch what is filed and send what is owed as of now; counts what was done."""
    began = time.monotonic()
    folder = home()
    counts: Counter[str] = Counter(sweeps.dispatch_filed(ledger(), now()))
    counts += sending.deliver(
        ledger(), now(), folder / "messages", portal(), vault(), templates=folder / "templates"
    )
    beating.went_well("react", time.monotonic() - began, counts)
    return dict(counts)
