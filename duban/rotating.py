"""密钥: the commands that exchange them."""

from typing import Annotated, Literal

import typer

from duban import show
from duban.session import now, opened, settings

group = typer.Typer(no_args_is_help=True, help="密钥 · keys: exchange them")
Which = Annotated[
    Literal["log", "channels"],
    typer.Argument(help="log：签封日志的密钥；channels：封存渠道地址的密钥"),
]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    app.add_typer(group, name="keys")


@group.callback()
def _keys() -> None:
    """Keep `rotate` a command of its own."""


@group.command()
def rotate(which: Which) -> None:
    """换一把密钥；旧日志、旧备份仍然有效 · exchange a key; what is older can still be read."""
    from tasks import rotating

    ledger, home = opened(), settings().home
    if which == "log":
        public = rotating.signing(ledger, home, now())
        show.say(
            f"已换签封密钥，旧公钥留在 {home / 'keys'}。请公布新公钥 · signed by another key from "
            f"now on; make it known: {public}"
        )
        return
    count = rotating.channels(ledger, home)
    show.say(
        f"{count} 个渠道地址与接口已用新密钥重新封存 · sealed with the new key. 把 "
        f"{home / 'keys'} 的副本存到安全处；旧备份都不再需要时，再删去旧密钥 · keep a copy of that "
        "folder; delete the old keys when no backup of before is kept any more."
    )
