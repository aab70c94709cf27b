"""`python -m portal.serve`: the portal's process."""

import uvicorn

from duban import logs, tracing
from duban.settings import prepare
from ledger.database import connect
from portal.app import create
from tasks.nudging import nudger


def main() -> None:
    """Serve until told to stop."""
    settings = prepare()
    logs.set_up()
    tracing.set_up("portal")
    app = create(connect(settings.database()), settings)
    if passing := nudger():
        app.state.house.nudge = passing.nudge
    uvicorn.run(
        app,
        host=settings.portal_host,
        port=settings.portal_port,
        # Links hold a secret in their address: who asked for what is not written down here.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
    )


if __name__ == "__main__":
    main()
