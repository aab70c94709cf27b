"""The commands that only look: cases, one case, its explanation, the log."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import outbox, proving, show
from duban.explained import document
from duban.letter import case_letter
from duban.session import at_of, now, opened, settings
from ledger.log import LogRow
from ledger.log import rows as log_rows
from ledger.reference import read, zone
from ledger.thread import Thread, read_case
from ledger.worklist import listed
from models.case import Stage, Status
from models.escalation import Outcome
from models.notice import NoticeState
from models.person import DutyKind
from models.verb import Verb

At = Annotated[
    str | None,
    typer.Option("--at", help="以此时刻为准，如 2026-09-24T15:00+08:00 · as of this instant"),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出一份 JSON · one JSON document")]
Number = Annotated[str, typer.Argument(help="案号，如 2026-000123 · the case number")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the program."""
    log_app = typer.Typer()
    log_app.callback(invoke_without_command=True)(log)
    proving.add_to(log_app)
    app.add_typer(log_app, name="log")
    outbox.add_to(app)
    for command in (cases, case, explain, units):
        app.command()(command)


def cases(
    status: Annotated[Status | None, typer.Option("--status", help="只看此状态")] = None,
    as_json: AsJson = False,
) -> None:
    """案件一览，先到期的在前 · cases, those due first at the top."""
    ledger = opened()
    rows, local = listed(ledger, status), zone(ledger)
    if as_json:
        return show.print_json({"rows": rows}, local)
    if not rows:
        show.out.print("没有案件。用 duban import 导入台账 · no cases; import a ledger first.")
        return None
    return show.print_table(
        "案件 · cases",
        ("案号", "状态", "牵头单位", "点位", "问题", "到期"),
        [
            (r.number, r.status.words.zh, r.unit_name or "—", r.place, r.problem,
             show.short(r.due_at, local) if r.due_at else "—")
            for r in rows
        ],
    )  # fmt: skip


def case(number: Number, as_json: AsJson = False) -> None:
    """一案一档 · one case with its whole record."""
    ledger = opened()
    thread = read_case(ledger, number, now())
    if as_json:
        return show.print_json(_case_document(thread), thread.reference.zone)
    one, local = thread.case, thread.reference.zone
    due = f"时限 {one.limit}，{show.short(one.due_at, local)} 到期" if one.due_at else "尚未起算"
    units = "、".join(f"{p.name}（{p.role.words.zh}）" for p in thread.parts if not p.ended_at)
    show.say(f"{one.number}  {one.status.words.zh}  {one.place}：{one.problem}")
    show.say(f"{units or '尚无责任单位'}  {due}  上报 {one.reports} 次")
    return show.print_table(
        "流转记录 · record",
        ("时间", "动作", "办理人", "内容"),
        [
            (show.short(r.at, local), _VERBS.get(r.verb, r.verb), r.actor, r.words)
            for r in thread.records
        ],
    )


_VERBS = {verb.value: verb.words.zh for verb in Verb}


def _case_document(thread: Thread) -> dict[str, Any]:
    return {
        "case": dict(thread.case._mapping),
        "units": [dict(row._mapping) for row in thread.parts],
        "records": [dict(row._mapping) for row in thread.records],
        "findings": [dict(row._mapping) for row in thread.findings],
    }


def units(as_json: AsJson = False) -> None:
    """单位名录：谁在岗 · the directory: units, and who answers for them now."""
    ledger = opened()
    with ledger.transaction() as connection:
        reference = read(connection)
    directory, at = reference.directory, now()
    rows = [
        {
            "unit": unit.name,
            "kind": unit.kind.words.zh,
            **{duty.value: [r.person for r in directory.who(unit.id, duty, at)] for duty in _HATS},
        }
        for unit in directory.units.values()
    ]
    if as_json:
        return show.print_json({"rows": rows}, reference.zone)
    return show.print_table(
        "单位名录 · units",
        ("单位", "类别", *(duty.words.zh for duty in _HATS)),
        [
            (r["unit"], r["kind"], *("、".join(r[duty.value]) or "—" for duty in _HATS))
            for r in rows
        ],
    )


_HATS = (DutyKind.CONTACT, DutyKind.HEAD, DutyKind.LEADER)


def explain(number: Number, at: At = None, as_json: AsJson = False) -> None:
    """为什么是这个期限，接下来会怎样；--at 问任一时刻 · why this deadline, and what comes next."""
    ledger, lang = opened(), settings().lang
    moment = at_of(at, ledger)
    thread = read_case(ledger, number, moment)
    if not as_json:
        return show.say(case_letter(thread, moment, lang, now()))
    return show.print_json(document(thread, moment, lang, now()), thread.reference.zone)


def log(
    context: typer.Context,
    case_number: Annotated[str | None, typer.Option("--case", help="只看此案 · one case")] = None,
    reminders: Annotated[
        bool, typer.Option("--reminders", help="连同催办提醒 · with reminder points")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """督办日志：每一级，以及没能执行的 · every level reached, and those not carried out."""
    if context.invoked_subcommand:
        return
    ledger = opened()
    found, local = log_rows(ledger, case_number, reminders=reminders), zone(ledger)
    if as_json:
        show.print_json({"rows": found}, local)
    elif not found:
        show.out.print(
            "督办日志为空：还没有案件升级 · the log is empty: nothing has escalated yet."
        )
    else:
        print_log(found, local)


def print_log(found: Sequence[LogRow], local: ZoneInfo) -> None:
    """The escalation log as a table."""
    show.print_table(
        "督办日志 · escalation log",
        ("案号", "点位", "级", "规则", "应于", "实际", "结果", "告知"),
        [
            (row.case, row.place, row.level or "催",
             f"{_STAGES[row.stage]}{row.rule} {_CARDS[row.card]}",
             show.short(row.planned_at, local), show.short(row.at, local),
             _OUTCOMES[row.outcome],
             "；".join(_told(who) for who in row.recipients) or "—")
            for row in found
        ],
    )  # fmt: skip


_CARDS = {"": "", "yellow": "黄牌", "red": "红牌"}
_STAGES = {stage.value: stage.words.zh for stage in Stage}
_OUTCOMES = {outcome.value: outcome.words.zh for outcome in Outcome}
_STATES = {state.value: state.words.zh for state in NoticeState}


def _told(who: Mapping[str, Any]) -> str:
    return f"{who['unit']} {who['person']}（{_STATES.get(who.get('state', ''), '')}）"
