"""The command line: setting up, paper in, the engine. What only looks is in `duban.looking`."""

import sys
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from duban import (
    accounts,
    data,
    deploying,
    doctor,
    looking,
    looking_back,
    mailing,
    measuring,
    people,
    recomputing,
    rotating,
    serve,
    show,
    wording,
)
from duban.calendar import reckon
from duban.do import app as do_app
from duban.looking import AsJson, At
from duban.recomputing import DryRun, Reapply, Yes
from duban.session import at_of, fail, opened, settings
from duban.setup import check_policy, list_policies, load_file, set_up, use_policy
from ledger.database import REVISION
from ledger.reference import zone
from models.finding import FindingOutcome
from models.words import Trouble

if TYPE_CHECKING:
    from tasks.papers import Taken

app = typer.Typer(
    name="duban",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="督办 Duban：把检查发现的问题变成有时限的案件，提醒、升级，直到真正整改。\n\n"
    "Turns inspection findings into cases with time limits, reminds, escalates, until they are "
    "put right. Start with: duban init --demo, duban import FILE, duban sweep, duban log.",
)
app.add_typer(do_app, name="do")
accounts.add_to(app)
data.add_to(app)
deploying.add_to(app)
doctor.add_to(app)
looking.add_to(app)
looking_back.add_to(app)
mailing.add_to(app)
measuring.add_to(app)
people.add_to(app)
recomputing.add_to(app)
rotating.add_to(app)
serve.add_to(app)
wording.add_to(app)


def _tell_version(asked: bool) -> None:
    if asked:
        show.say(f"duban {metadata.version('duban')} · 数据库版本 database revision {REVISION}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="程序与数据库版本 · versions"
        ),
    ] = False,
) -> None: ...


# -- setting up --------------------------------------------------------------------------------


@app.command()
def init(
    demo: Annotated[bool, typer.Option("--demo", help="装载示范城市 · the demo city")] = False,
) -> None:
    """建库或升级，装载日历、立案标准与督办办法 · set up or upgrade the database."""
    for line in set_up(settings(), demo=demo):
        show.say(line)


@app.command()
def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="先演示一个双周 · play the demo fortnight first")
    ] = False,
) -> None:
    """在一台机器上启动全部：Prefect 服务、定时督办 · start everything on one machine."""
    from duban.up import run  # brings Prefect, which takes seconds

    run(settings(), demo=demo)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="城市资料 .yaml、日历 .csv 或立案标准 .csv")],
    at: At = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """装载城市资料、日历或立案标准，重算在办案件 · load a city, a calendar or a catalogue."""
    ledger = opened()
    do = partial(load_file, ledger, file, at_of(at, ledger))
    loaded = recomputing.carried_out(do, dry_run=dry_run, ask=False, quiet=as_json)
    recomputing.tell(loaded, zone(ledger), dry_run=dry_run, as_json=as_json)


@app.command()
def policy(
    file: Annotated[Path | None, typer.Argument(help="督办办法 .yaml · a policy file")] = None,
    check: Annotated[bool, typer.Option("--check", help="只检查，不启用 · check only")] = False,
    reapply: Reapply = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """检查并启用督办办法；不给文件则列出 · check and activate a policy, or list them."""
    if file is None:
        ledger = opened()
        rows = [
            (name, "启用 active" if active else "", show.short(loaded, zone(ledger)))
            for name, active, loaded in list_policies(ledger)
        ]
        heads = ("办法 policy", "状态 state", "装载 loaded")
        return show.print_table("督办办法 · policies", heads, rows)
    if check:
        return show.say(check_policy(file))
    ledger = opened()
    do = partial(use_policy, ledger, file, at_of(at, ledger), reapply=reapply)
    ask = reapply and not yes
    loaded = recomputing.carried_out(do, dry_run=dry_run, ask=ask, quiet=as_json)
    return recomputing.tell(loaded, zone(ledger), dry_run=dry_run, as_json=as_json)


# -- paper in ----------------------------------------------------------------------------------


@app.command(name="import")
def import_(
    file: Annotated[str, typer.Argument(help="台账或通报；- 为标准输入 · a ledger or circular")],
    at: At = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看结果，不写入 · judge, write nothing")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="未受理行写到此文件 · where refused rows go")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """导入台账（xlsx xls csv docx）或通报（docx txt）· take in a ledger or a circular."""
    from tasks.papers import take  # brings the readers of every format

    ledger = opened()
    moment = at_of(at, ledger)
    data, name = _bytes_of(file)
    sheet = refused or Path(f"{Path(name).stem}-未受理{Path(name).suffix or '.txt'}")
    with show.progress("导入 importing", quiet=as_json) as told:
        taken = take(ledger, data, name, moment, sheet, dry_run=dry_run, progress=told)
    if as_json:
        rows = [
            {"row": a.row, "outcome": a.outcome, "case": a.case, "reason": _said(a.reason)}
            for a in taken.answers
        ]
        document = {"rows": rows, "dry_run": dry_run, "refused": taken.sheet}
        show.print_json(document, zone(ledger))
    else:
        _print_taken(taken, name, dry_run)
    if taken.answers and taken.count(FindingOutcome.REJECTED) == len(taken.answers):
        raise typer.Exit(1)  # not one row of the paper could be taken


def _print_taken(taken: "Taken", name: str, dry_run: bool) -> None:
    show.print_table(
        f"{Path(name).name}{'（试导入，未写入）' if dry_run else ''}",
        ("行 row", "结果 outcome", "案号 case", "说明 reason"),
        [(a.row, a.outcome.words.zh, a.case or "", _said(a.reason)) for a in taken.answers],
    )
    show.print_counts(
        "合计", {o.words.zh: taken.count(o) for o in FindingOutcome if taken.count(o)}
    )
    if taken.sheet:
        show.say(
            f"未受理的行连同原因已写到 {taken.sheet}，改正后可再次导入 · rejected rows with their "
            "reasons are in that file; correct it and import it"
        )


def _said(words: Any) -> str:
    return str(words.within(settings().lang))


def _bytes_of(file: str) -> tuple[bytes, str]:
    if file == "-":
        return sys.stdin.buffer.read(), "-"
    path = Path(file)
    try:
        return path.read_bytes(), path.name
    except OSError as error:
        raise Trouble(
            f"读不了文件 {file}：{error.strerror}。", f"Cannot read {file}: {error.strerror}."
        ) from None


# -- the engine --------------------------------------------------------------------------------


@app.command()
def sweep(at: At = None, as_json: AsJson = False) -> None:
    """督办一轮：收件、交办、催办升级、投递 · one round as of an instant."""
    from duban.engine import run_sweep  # brings Prefect, which takes seconds

    ledger = opened()
    moment = at_of(at, ledger)
    with show.err.status("督办一轮，先启动 Prefect，约需十几秒… one round; Prefect starts first"):
        counts = run_sweep(settings(), moment)
    if as_json:
        show.print_json({"at": moment, **counts}, zone(ledger))
        return
    show.print_counts(f"{moment.astimezone(zone(ledger)):%Y-%m-%d %H:%M} 督办一轮", counts)


@app.command()
def deadline(
    limit: Annotated[str, typer.Argument(help="时限，如 “3 工作日” · a limit")],
    start: Annotated[str, typer.Option("--from", help="起算时刻 · when it starts")],
    explain: Annotated[bool, typer.Option("--explain", help="说明理由 · say why")] = False,
    as_json: AsJson = False,
) -> None:
    """一个时限何时到期 · when a limit is used up."""
    answer, local, letter = reckon(settings(), limit, start)
    if as_json:
        document = {
            "due_at": answer.due_at, "provisional": answer.provisional, "explanation": letter,
        }  # fmt: skip
        show.print_json(document, local)
        return
    mark = "（暂定 provisional）" if answer.provisional else ""
    show.out.print(f"{answer.due_at.astimezone(local).isoformat()}{mark}")
    if explain:
        show.out.print(letter, markup=False)


def main() -> None:
    """The entry point: a refusal is one clear message and exit status 1."""
    try:
        app()
    except Trouble as trouble:
        fail(trouble)
    except KeyboardInterrupt:
        sys.exit(130)
