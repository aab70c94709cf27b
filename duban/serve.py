"""`duban serve`: one process of an installation that runs on several, in the foreground."""

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="单独运行一个部分（前台）；一台机器请用 duban up · one part in the foreground, for "
    "installations of several processes; on one machine use duban up",
)


def add_to(main: typer.Typer) -> None:
    """Add `duban serve` to the command line."""
    main.add_typer(app, name="serve")


@app.command()
def portal() -> None:
    """门户 · the portal, on DUBAN_PORTAL_HOST and DUBAN_PORTAL_PORT."""
    from portal.serve import main

    main()


@app.command()
def reactions() -> None:
    """即时反应：点击之后两秒内发出 · what a click causes, at once. Needs PREFECT_API_URL."""
    from duban.reacting import main

    main()


@app.command()
def rounds() -> None:
    """定时督办，无须工作池 · the scheduled rounds, without a work pool. Needs PREFECT_API_URL."""
    from duban.serving import main

    main()
