"""Who is away: `duban away` records or lists absences, `duban back` ends one."""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, opened
from ledger.people import Absent, absences, end_absence, record_absence
from ledger.reference import zone


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    for command in (away, back):
        app.command()(command)


def away(
    name: Annotated[str | None, typer.Argument(help="姓名或人员代码 · a name or code")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="离岗时刻，不写即现在 · from when; else now")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="回岗时刻，只写日期即零时 · back when")
    ] = None,
    substitute: Annotated[
        str | None, typer.Option("--substitute", help="代班人 · who stands in")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """登记某人不在岗及代班人；不给姓名则列出 · record that somebody is away, or list who is."""
    ledger = opened()
    moment, local = at_of(at, ledger), zone(ledger)
    if name is None:
        _refuse_without_name(start, until, substitute)
        return _print(absences(ledger, moment), local, as_json=as_json)
    if until is None:
        raise typer.BadParameter("请用 --until 写明何时回岗 · say with --until when they are back")
    begins = moment if start is None else at_of(start, ledger)
    recorded = record_absence(ledger, name, begins, at_of(until, ledger), substitute)
    return _print([recorded], local, as_json=as_json)


def _refuse_without_name(*options: str | None) -> None:
    if any(options):
        raise typer.BadParameter("请写明谁不在岗 · say who is away: duban away NAME --until …")


def back(
    name: Annotated[str, typer.Argument(help="姓名或人员代码 · a name or code")],
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """某人提前回岗；尚未离岗的，撤销下一次 · somebody is back, or is not going after all."""
    ledger = opened()
    moment, local = at_of(at, ledger), zone(ledger)
    ended = end_absence(ledger, name, moment)
    if as_json:
        return show.print_json({"rows": [_row(absent) for absent in ended]}, local)
    for absent in ended:
        show.say(f"{absent.person} {_what_ended(absent, struck=absent.start > moment, zone=local)}")
    return None


def _what_ended(absent: Absent, *, struck: bool, zone: ZoneInfo) -> str:
    if struck:
        return f"原定 {show.short(absent.start, zone)} 起不在岗，已撤销 · struck out"
    return f"{show.short(absent.until, zone)} 回岗 · is back"


def _print(found: Sequence[Absent], local: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        return show.print_json({"rows": [_row(absent) for absent in found]}, local)
    if not found:
        return show.say("没有人不在岗 · nobody is away, now or later.")
    return show.print_table(
        "不在岗 · away",
        ("姓名 name", "代码 code", "自 from", "至 until", "代班 substitute"),
        [
            (a.person, a.code, show.short(a.start, local), show.short(a.until, local),
             a.substitute or "无 nobody")
            for a in found
        ],
    )  # fmt: skip


def _row(absent: Absent) -> dict[str, Any]:
    return {
        "person": absent.person,
        "code": absent.code,
        "from": absent.start,
        "until": absent.until,
        "substitute": absent.substitute,
    }
