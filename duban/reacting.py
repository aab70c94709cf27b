"""The process that reacts to clicks: a Prefect task worker for `tasks.react`."""

import os

from prefect.task_worker import serve

from duban import logs, tracing
from duban.settings import prepare


def main() -> None:
    """Serve until told to stop. One reaction at a time: it does all there is to do."""
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    prepare()
    logs.set_up()
    tracing.set_up("reactions")
    from tasks.react import react
    from tasks.surroundings import ledger

    ledger()  # what is wrong with it is said now, and the first click need not wait for it
    serve(react, limit=1)


if __name__ == "__main__":
    main()
