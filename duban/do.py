"""`duban do`: the verbs of the desk, one command each."""

from typing import Annotated

import typer

from duban import show
from duban.session import at_of, opened, settings
from ledger import desk
from models.request import RequestKind
from rules.lifecycle import Moved, Refused

app = typer.Typer(no_args_is_help=True, help="办案：签收、退单、反馈、核查… · act on a case")

Number = Annotated[str, typer.Argument(help="案号")]
By = Annotated[str, typer.Option("--by", help="办理人姓名，写入记录 · who acts")]
At = Annotated[str | None, typer.Option("--at", help="以此时刻办理 · as of this instant")]
Why = Annotated[str, typer.Option("--why", help="理由 · the reason")]


def _say(number: str, answer: Moved | Refused) -> None:
    if isinstance(answer, Refused):
        show.refuse(answer.reason.within(settings().lang))
        raise typer.Exit(1)
    show.out.print(f"{number}：{answer.to.words.zh} {answer.to.words.en}")


@app.command()
def dispatch(
    number: Number,
    by: By,
    to: Annotated[list[str], typer.Option("--to", help="责任单位，第一个牵头 · units")],
    limit: Annotated[str, typer.Option("--limit", help="时限 · limit")] = "",
    why: Why = "",
    at: At = None,
) -> None:
    """交办给单位 · hand to units, the first leading."""
    ledger = opened()
    _say(number, desk.dispatch(ledger, number, to, at_of(at, ledger), by, limit, why))


@app.command()
def acknowledge(number: Number, by: By, at: At = None) -> None:
    """签收 · sign for the case."""
    ledger = opened()
    _say(number, desk.acknowledge(ledger, number, at_of(at, ledger), by))


@app.command()
def send_back(number: Number, by: By, why: Why, at: At = None) -> None:
    """退单；时限继续计算 · send back; the clock runs on."""
    ledger = opened()
    _say(number, desk.send_back(ledger, number, why, at_of(at, ledger), by))


@app.command()
def rule(
    number: Number,
    by: By,
    why: Why,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="准予并改派 · upheld, to these units")
    ] = None,
    at: At = None,
) -> None:
    """裁定退单：给出 --to 为准予并改派，否则驳回 · rule on a return."""
    ledger = opened()
    answer = desk.rule_on_return(
        ledger, number, at_of(at, ledger), by, upheld=bool(to), units=to or (), reason=why
    )
    _say(number, answer)


@app.command()
def ask(
    number: Number,
    kind: RequestKind,
    by: By,
    why: Why,
    until: Annotated[str | None, typer.Option("--until", help="挂账至 · suspended until")] = None,
    at: At = None,
) -> None:
    """申请延期（extension）或挂账（suspension）· ask for more time."""
    ledger = opened()
    end = None if until is None else at_of(until, ledger)
    _say(number, desk.ask(ledger, number, kind, why, at_of(at, ledger), by, end))


@app.command()
def decide(
    number: Number,
    by: By,
    grant: Annotated[bool, typer.Option("--grant/--refuse", help="同意或不同意")],
    why: Why = "",
    at: At = None,
) -> None:
    """审定申请 · decide the open request."""
    ledger = opened()
    _say(number, desk.decide(ledger, number, at_of(at, ledger), by, granted=grant, reason=why))


@app.command()
def resume(number: Number, by: By, at: At = None) -> None:
    """提前恢复办理 · end a suspension early."""
    ledger = opened()
    _say(number, desk.resume_by_hand(ledger, number, at_of(at, ledger), by))


@app.command()
def submit(
    number: Number,
    by: By,
    text: Annotated[str, typer.Option("--text", help="整改情况 · what was done")],
    at: At = None,
) -> None:
    """整改反馈 · hand in the rectification."""
    ledger = opened()
    _say(number, desk.submit(ledger, number, text, at_of(at, ledger), by))


@app.command()
def verify(
    number: Number,
    by: By,
    passed: Annotated[bool, typer.Option("--pass/--fail", help="通过或不通过")],
    why: Why = "",
    at: At = None,
) -> None:
    """现场核查：通过销号，不通过返工 · verify on site."""
    ledger = opened()
    _say(number, desk.verify(ledger, number, at_of(at, ledger), by, passed=passed, reason=why))


@app.command()
def publish(number: Number, by: By, at: At = None) -> None:
    """公示 · publish a closed case."""
    ledger = opened()
    _say(number, desk.publish(ledger, number, at_of(at, ledger), by))


@app.command()
def merge(
    number: Number,
    by: By,
    into: Annotated[str, typer.Option("--into", help="并入的案号 · the case it joins")],
    at: At = None,
) -> None:
    """并案 · merge into another case."""
    ledger = opened()
    _say(number, desk.merge(ledger, number, into, at_of(at, ledger), by))


@app.command()
def cancel(number: Number, by: By, why: Why, at: At = None) -> None:
    """作废 · cancel with a reason."""
    typer.confirm(f"确定作废 {number}？不能恢复 · Cancel {number}? It cannot be undone", abort=True)
    ledger = opened()
    _say(number, desk.cancel(ledger, number, why, at_of(at, ledger), by))


@app.command()
def note(
    number: Number,
    by: By,
    text: Annotated[str, typer.Option("--text", help="备注 · the remark")],
    at: At = None,
) -> None:
    """备注 · write a remark into the record."""
    ledger = opened()
    _say(number, desk.note(ledger, number, text, at_of(at, ledger), by))
