"""Cards and measures: who was shown which, what is proposed, what a supervisor decided."""

from datetime import datetime
from typing import Annotated

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, opened, settings
from ledger import measures
from ledger.reference import zone
from models.measure import MeasureKind, ProposalState
from rules.lifecycle import Moved, Refused
from rules.proposals import Rule

By = Annotated[str, typer.Option("--by", help="登记人姓名，写入记录 · who decides")]
Why = Annotated[str, typer.Option("--why", help="理由 · the reason")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    proposals_app = typer.Typer()
    proposals_app.callback(invoke_without_command=True)(proposals)
    proposals_app.command()(dismiss)
    app.add_typer(proposals_app, name="proposals")
    for command in (measure, cards):
        app.command()(command)


# -- looking -----------------------------------------------------------------------------------


def proposals(
    context: typer.Context,
    state: Annotated[
        ProposalState | None, typer.Option("--state", help="只看此状态 · of one state")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """处置建议：哪个单位、依据哪条、是否已处置 · measures proposed, and what became of them."""
    if context.invoked_subcommand:
        return None
    ledger = opened()
    rows, local = measures.proposals(ledger, state), zone(ledger)
    if as_json:
        return show.print_json({"rows": rows}, local)
    if not rows:
        return show.say("没有处置建议 · nothing is proposed.")
    return show.print_table(
        "处置建议 · proposals",
        ("编号 id", "单位 unit", "建议 what", "依据 rule", "理由 reason", "提出 made",
         "状态 state"),
        [
            (r.id, r.unit, r.kind.words.zh, _RULES.get(r.rule, r.rule), r.reason,
             show.short(r.made_at, local), _state(r))
            for r in rows
        ],
    )  # fmt: skip


_RULES = {rule.value: rule.words.zh for rule in Rule}


def _state(row: measures.ProposalRow) -> str:
    known = (row.state.words.zh, row.actor, row.document)
    return " ".join(part for part in known if part)


def cards(
    since: Annotated[
        str | None, typer.Option("--since", help="从此时刻起 · from this instant on")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="到此时刻前 · before this instant")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """红黄牌：各单位得牌、连续红牌、待定建议与处置 · cards shown to each unit."""
    ledger = opened()
    first, last = (None if text is None else at_of(text, ledger) for text in (since, until))
    rows = measures.cards(ledger, first, last)
    if as_json:
        return show.print_json({"rows": rows}, zone(ledger))
    if not rows:
        return show.say("没有单位得牌 · no unit was shown a card.")
    return show.print_table(
        "红黄牌 · cards",
        ("单位 unit", "黄牌 yellow", "红牌 red", "连续红牌 in a row", "待定建议 proposals",
         "处置 measures"),
        [(r.unit, r.yellow, r.red, r.in_a_row, r.proposals, r.measures) for r in rows],
    )  # fmt: skip


# -- deciding ----------------------------------------------------------------------------------


def measure(
    kind: Annotated[MeasureKind, typer.Option("--kind", help="约谈、诫勉谈话、换岗 · what")],
    document: Annotated[str, typer.Option("--document", help="文号 · the document number")],
    held_on: Annotated[
        datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="实施日期 · when it was held")
    ],
    by: By,
    why: Why,
    proposal: Annotated[
        int | None, typer.Option("--proposal", help="依处置建议 · on this proposal")
    ] = None,
    number: Annotated[
        str | None, typer.Option("--case", help="或依案号 · or for this case")
    ] = None,
    person: Annotated[str, typer.Option("--person", help="当事人 · whom it concerned")] = "",
    at: At = None,
) -> None:
    """登记约谈、诫勉谈话或换岗，须有文号 · record a measure by its document number."""
    if (proposal is None) == (number is None):
        raise typer.BadParameter("请写明 --proposal 或 --case 之一 · give --proposal or --case")
    ledger = opened()
    answer = measures.record_measure(
        ledger, kind=kind, document=document, held_on=held_on.date(), reason=why,
        at=at_of(at, ledger), actor=by, proposal=proposal, number=number, person=person,
    )  # fmt: skip
    _say(answer, f"已登记{kind.words.zh}，文号 {document.strip()} · recorded")


def dismiss(
    proposal: Annotated[int, typer.Argument(help="建议编号 · the proposal")],
    by: By,
    why: Why,
    at: At = None,
) -> None:
    """不采纳一项处置建议，须写明理由 · decide against a proposal."""
    ledger = opened()
    answer = measures.dismiss(ledger, proposal, why, at_of(at, ledger), by)
    _say(answer, f"处置建议 {proposal}：不采纳 · dismissed")


def _say(answer: Moved | Refused, done: str) -> None:
    if isinstance(answer, Refused):
        show.refuse(answer.reason.within(settings().lang))
        raise typer.Exit(1)
    show.say(done)
