"""回头看: draw closed cases, list the look-backs that wait, count what came back."""

from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, opened
from ledger import look_back
from ledger.look_back import Drawn
from ledger.reference import zone

app = typer.Typer(
    no_args_is_help=True,
    help="回头看：抽查已销号案件、待办、反弹统计 · look at closed cases again",
)

FIRST = "2000-01-01"
"""Before anything a ledger holds."""


def add_to(program: typer.Typer) -> None:
    """Hang these commands on the program."""
    program.add_typer(app, name="look-back")


@app.command()
def draw(
    at: At = None,
    seed: Annotated[
        str | None, typer.Option("--seed", help="种子；不写为当日日期和总账链头 · else by date")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看结果；可重演过去的抽查 · draw, write nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """抽查上次以来销号的案件，反弹的必查 · draw among the cases closed since the last draw."""
    ledger = opened()
    drawn = look_back.draw(ledger, at_of(at, ledger), seed, dry_run=dry_run)
    if as_json:
        return show.print_json(_document(drawn, dry_run=dry_run), zone(ledger))
    return _print(drawn, zone(ledger), dry_run=dry_run)


def _document(drawn: Drawn, *, dry_run: bool) -> dict[str, Any]:
    return {
        "at": drawn.at,
        "since": drawn.since,
        "seed": drawn.seed,
        "rate": str(drawn.rate),
        "population": len(drawn.population),
        "drawn": len(drawn.cases),
        "dry_run": dry_run,
        "rows": drawn.cases,
        "among": drawn.population,
    }


def _print(drawn: Drawn, local: ZoneInfo, *, dry_run: bool) -> None:
    show.say(f"种子 seed：{drawn.seed}")
    since = show.short(drawn.since, local) if drawn.since else "—"
    show.say(
        f"{since} 至 {show.short(drawn.at, local)} 销号 {len(drawn.population)} 件，"
        f"按 {float(drawn.rate):.2%} 抽中 {len(drawn.cases)} 件（含全部反弹案件）"
        f"{'（试抽，未写入）' if dry_run else ''} · "
        f"{len(drawn.cases)} of {len(drawn.population)} drawn, every relapse among them"
    )
    if drawn.cases:
        show.print_table(
            "抽中 · drawn",
            ("案号", "单位", "类别", "反弹", "检查员", "到期"),
            [
                (c.case, c.unit, c.category, "是" if c.relapse else "", c.inspector or "无人在岗",
                 show.short(c.due_at, local))
                for c in drawn.cases
            ],
        )  # fmt: skip


@app.command(name="list")
def list_(at: At = None, as_json: AsJson = False) -> None:
    """待办的回头看，逾期的在前 · look-backs that wait, the overdue first."""
    ledger = opened()
    moment, local = at_of(at, ledger), zone(ledger)
    rows = look_back.waiting(ledger)
    if as_json:
        document = [{**asdict(row), "overdue": row.due_at <= moment} for row in rows]
        return show.print_json({"rows": document}, local)
    if not rows:
        return show.say("没有待办的回头看 · no look-back is waiting.")
    return show.print_table(
        "回头看 · look-backs",
        ("案号", "点位", "问题", "单位", "检查员", "到期", ""),
        [
            (r.case, r.place, r.problem, r.unit, r.inspector or "未定 nobody",
             show.short(r.due_at, local), "逾期 overdue" if r.due_at <= moment else "")
            for r in rows
        ],
    )  # fmt: skip


@app.command()
def relapses(
    since: Annotated[
        str | None, typer.Option("--since", help="自此时刻，不写即从头 · from; else from the first")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="至此时刻，不写即现在 · up to; else now")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """各单位的反弹：回头看发现的、重新上报的 · what came back, by unit."""
    ledger = opened()
    local = zone(ledger)
    rows = look_back.relapses(ledger, at_of(since or FIRST, ledger), at_of(until, ledger))
    if as_json:
        return show.print_json({"rows": rows}, local)
    if not rows:
        return show.say("这段时间没有反弹 · nothing came back in that time.")
    return show.print_table(
        "反弹 · relapses",
        ("单位 unit", "回头看发现 found", "重新上报 reported"),
        [(row.name or "（现场整改，无责任单位）", row.found, row.reported) for row in rows],
    )
