"""Recomputing: `duban recompute`, and what loading did to the cases, told."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, opened
from duban.setup import Loaded
from ledger.database import Ledger
from ledger.recompute import Retimed, load_and_recompute, preview
from ledger.reference import zone

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="只列出，不写入 · list what would change, write nothing")
]
Reapply = Annotated[
    bool, typer.Option("--reapply", help="在办案件也改按启用的办法 · open cases take it up, too")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="不再询问 · do not ask")]

MOST_LINES = 20


def add_to(app: typer.Typer) -> None:
    """Hang the command on the program."""
    app.command()(recompute)


def recompute(
    dry_run: DryRun = False,
    reapply: Reapply = False,
    yes: Yes = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """按现行日历、时限与办法重算在办案件 · bring open cases to the rules as they stand."""
    ledger = opened()
    do = partial(_recompute, ledger, at_of(at, ledger), reapply=reapply)
    loaded = carried_out(do, dry_run=dry_run, ask=reapply and not yes, quiet=as_json)
    tell(loaded, zone(ledger), dry_run=dry_run, as_json=as_json)


def _recompute(
    ledger: Ledger, at: datetime, *, reapply: bool, dry_run: bool, told: Callable[[int, int], None]
) -> Loaded:
    cause = "重新适用现行办法" if reapply else "按现行日历、时限与办法重算"
    carry_out = preview if dry_run else load_and_recompute
    words, touched = carry_out(ledger, lambda _: "", at, cause, reapply=reapply, told=told)
    return Loaded(words, cause, touched)


def carried_out(do: Callable[..., Loaded], *, dry_run: bool, ask: bool, quiet: bool) -> Loaded:
    """Do what loads or recomputes, with a bar; where asked for, only after a yes."""

    def once(*, dry_run: bool) -> Loaded:
        with show.progress("重算 recomputing", quiet=quiet) as told:
            return do(dry_run=dry_run, told=told)

    if ask and not dry_run:
        _confirm(len(once(dry_run=True).touched))
    return once(dry_run=dry_run)


def _confirm(count: int) -> None:
    typer.confirm(
        f"{count} 件在办案件将改按启用的办法，时限随之重算。继续吗？ "
        f"{count} cases will take up the policy. Go on?",
        abort=True,
        err=True,
    )


def tell(loaded: Loaded, local: ZoneInfo, *, dry_run: bool, as_json: bool) -> None:
    """Say what was loaded, how many cases that touched, and which."""
    if as_json:
        return show.print_json(_document(loaded, dry_run=dry_run), local)
    if loaded.words:
        show.say(f"{'（试运行，未写入）' if dry_run else ''}{loaded.words}")
    if loaded.touched:
        _table(loaded, local, most=None if dry_run else MOST_LINES)
    would = "将" if dry_run else "已"
    count = len(loaded.touched)
    show.say(f"{would}重算 {count} 件在办案件 · {count} open cases recomputed")
    if loaded.dispatched:
        n = loaded.dispatched
        show.say(f"待定责案件中 {n} 件已能交办 · {n} dispatched")
    return None


def _document(loaded: Loaded, *, dry_run: bool) -> dict[str, Any]:
    return {
        "loaded": loaded.words,
        "dry_run": dry_run,
        "touched": len(loaded.touched),
        "dispatched": loaded.dispatched,
        "rows": [asdict(one) | {"cause": loaded.cause} for one in loaded.touched],
    }


def _table(loaded: Loaded, local: ZoneInfo, most: int | None) -> None:
    left = len(loaded.touched) - (most or len(loaded.touched))
    show.print_table(
        "重算 · recomputed",
        ("案号 case", "单位 unit", "到期 due", "时限 limit", "原因 cause"),
        [
            (one.case, one.unit or "—", _due(one, local), _limit(one), loaded.cause)
            for one in islice(loaded.touched, most)
        ],
    )
    if left > 0:
        show.say(f"另有 {left} 件未列出；--json 列出全部 · {left} more, listed by --json")


def _due(one: Retimed, local: ZoneInfo) -> str:
    """The handling deadline, else that of the step, and what changed of it."""
    said = [_moved("", one.old_due, one.due, local)] if one.due else []
    if one.step_due != one.old_step_due:
        said.append(_moved("本环节 ", one.old_step_due, one.step_due, local))
    return "；".join(said + list(_firmness(one))) or "—"


def _moved(what: str, old: datetime | None, new: datetime | None, local: ZoneInfo) -> str:
    before, after = (show.short(at, local) if at else "—" for at in (old, new))
    return f"{what}{before} → {after}" if before != after else f"{what}{after}（不变）"


def _firmness(one: Retimed) -> Iterator[str]:
    if one.was_provisional != one.provisional:
        yield "转为暂定" if one.provisional else "暂定转确定"


def _limit(one: Retimed) -> str:
    if one.limit == one.old_limit:
        return one.limit or "—"
    return f"{one.old_limit} → {one.limit}"
