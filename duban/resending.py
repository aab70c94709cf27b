"""重发: the command that owes again what was given up."""

from typing import Annotated

import typer

from duban import show
from duban.session import at_of, opened
from ledger.reference import zone
from ledger.resending import Resent
from ledger.resending import dead as dead_letters
from ledger.resending import resend as owe_again
from models.words import Trouble

AsJson = Annotated[bool, typer.Option("--json", help="输出一份 JSON · one JSON document")]
At = Annotated[str | None, typer.Option("--at", help="以此时刻为准 · as of this instant")]


def add_to(group: typer.Typer) -> None:
    """Hang the command on the outbox."""
    group.command()(resend)


def resend(
    keys: Annotated[list[str] | None, typer.Argument(help="通知编号 · keys of notices")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="全部未送达的 · all dead letters")] = False,
    by: Annotated[str, typer.Option("--by", help="经手人 · who asks for it")] = "管理员",
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """未送达或超上限未发的通知重新发送 · owe dead or held-back notices again."""
    if bool(keys) == dead:
        raise Trouble(
            "请写明通知编号，或用 --dead 表示全部未送达的通知（二者择一）。",
            "Name the keys of notices, or say --dead for all that were not delivered: one of them.",
        )
    ledger = opened()
    wanted = dead_letters(ledger) if dead else keys or []
    answers = owe_again(ledger, wanted, at_of(at, ledger), by)
    if as_json:
        show.print_json({"rows": [_row(answer) for answer in answers]}, zone(ledger))
    else:
        _tell(answers)
    if any(answer.reason for answer in answers):
        raise typer.Exit(1)


def _row(answer: Resent) -> dict[str, object]:
    reason = answer.reason._asdict() if answer.reason else None
    return {"key": answer.key, "resent": answer.reason is None, "reason": reason}


def _tell(answers: list[Resent]) -> None:
    done = sum(answer.reason is None for answer in answers)
    for answer in answers:
        if answer.reason:
            show.say(f"{answer.key}：{answer.reason.zh} · {answer.reason.en}")
    show.say(f"重新待发 {done} 条，下一轮投递时发送 · {done} owed again, sent with the next round")
