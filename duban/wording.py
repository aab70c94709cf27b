"""`duban templates`: whether the office's own message templates work, before anybody reads them."""

from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.looking import AsJson
from duban.session import settings
from notices.samples import Fault, check
from notices.shelf import files_in

group = typer.Typer(no_args_is_help=True, help="消息模板 · message templates")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="templates")


@group.command(name="check")
def check_templates(as_json: AsJson = False) -> None:
    """用样例试印全部模板，列出出错的 · try every template on sample messages, list what fails."""
    folder = settings().home / "templates"
    own, faults = files_in(folder), check(folder)
    if as_json:
        show.print_json({"folder": str(folder), "own": len(own), "faults": faults}, ZoneInfo("UTC"))
    else:
        _print(len(own), str(folder), faults)
    if faults:
        raise typer.Exit(1)


def _print(own: int, folder: str, faults: list[Fault]) -> None:
    if faults:
        rows = [(fault.message, fault.lang, fault.why) for fault in faults]
        heads = ("消息 message", "语言 language", "问题 what is wrong")
        return show.print_table("消息模板 · message templates", heads, rows)
    return show.say(
        f"全部模板可用，其中自定 {own} 个（{folder}）· every template works, {own} of your own"
    )
