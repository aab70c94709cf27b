"""发件箱: the commands about notices."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from duban import resending, show
from duban.letters.told import paragraph
from duban.session import at_of, opened, settings
from ledger.reference import zone
from ledger.whereabouts import Whereabouts
from ledger.whereabouts import outbox as known_of
from models.notice import NoticeState

AsJson = Annotated[bool, typer.Option("--json", help="输出一份 JSON · one JSON document")]
At = Annotated[str | None, typer.Option("--at", help="以此时刻为准 · as of this instant")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    group = typer.Typer()
    group.callback(invoke_without_command=True)(outbox)
    resending.add_to(group)
    app.add_typer(group, name="outbox")


def outbox(
    context: typer.Context,
    state: Annotated[NoticeState | None, typer.Option("--state", help="只看此状态")] = None,
    last: Annotated[
        int | None, typer.Option("--last", min=1, help="只看最近几条 · only the newest")
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", help="只看一案，含存档 · of one case, archive too")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """发件箱：每条通知的来龙去脉 · notices: why, to whom, by which way, what came of it."""
    if context.invoked_subcommand:
        return
    ledger = opened()
    told, local = known_of(ledger, at_of(at, ledger), state, last, case), zone(ledger)
    if as_json:
        show.print_json({"rows": [document(each) for each in told]}, local)
    elif not told:
        show.say("发件箱里没有这样的通知 · no such notice in the outbox.")
    else:
        show.say("\n\n".join(paragraph(each, local).within(settings().lang) for each in told))


def document(told: Whereabouts) -> dict[str, Any]:
    """One notice for programs; sentences are Chinese, as in the log."""
    found = asdict(told)
    return found | {
        "about": told.about.zh,
        "why": told.why.zh,
        "waits_for": told.waits_for.zh if told.waits_for else None,
        "duty": told.duty.value if told.duty else None,
        "answered_by": told.answered_by.value if told.answered_by else None,
    }
