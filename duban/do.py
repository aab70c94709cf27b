"""`duban do`: the verbs of the desk, one command each."""

from typing import Annotated

import typer

from duban import show
from duban.recomputing import Yes
from duban.session import at_of, opened, settings
from ledger import desk
from models.cost import CostKind
from models.request import RequestKind
from rules.lifecycle import Moved, Refused

app = typer.Typer(no_args_is_help=True, help="办案：签收、退单、反馈、核查… · act on a case")

Number = Annotated[str, typer.Argument(help="案号")]
By = Annotated[str, typer.Option("--by", help="办理人姓名，写入记录 · who acts")]
At = Annotated[str | None, typer.Option("--at", help="以此时刻办理 · as of this instant")]
Why = Annotated[str, typer.Option("--why", help="理由 · the reason")]


def _sure(question: str, yes: bool) -> None:
    """Ask before what cannot be undone."""
    if not yes:
        typer.confirm(question, abort=True)


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
def file(
    number: Number,
    by: By,
    category: Annotated[str, typer.Option("--category", help="类别代码或小类 · category")] = "",
    at: At = None,
) -> None:
    """立案 · file a reported finding."""
    ledger = opened()
    _say(number, desk.file(ledger, number, at_of(at, ledger), by, category))


@app.command()
def reject(number: Number, by: By, why: Why, at: At = None) -> None:
    """不予立案 · do not file it, with the reason."""
    ledger = opened()
    _say(number, desk.reject(ledger, number, why, at_of(at, ledger), by))


@app.command()
def fix_on_spot(number: Number, by: By, at: At = None) -> None:
    """现场已整改，登记销号 · put right on the spot."""
    ledger = opened()
    _say(number, desk.fix_on_spot(ledger, number, at_of(at, ledger), by))


@app.command()
def reclassify(
    number: Number,
    by: By,
    why: Why,
    category: Annotated[str, typer.Option("--category", help="类别代码或小类 · category")],
    at: At = None,
) -> None:
    """变更类别；来自类别的时限随之重算 · change the category; its limit follows."""
    ledger = opened()
    _say(number, desk.reclassify(ledger, number, category, why, at_of(at, ledger), by))


@app.command()
def acknowledge(number: Number, by: By, at: At = None) -> None:
    """签收 · sign for the case."""
    ledger = opened()
    _say(number, desk.acknowledge(ledger, number, at_of(at, ledger), by))


@app.command()
def assign(
    number: Number,
    by: By,
    unit: Annotated[str, typer.Option("--unit", help="单位，默认牵头单位 · unit")] = "",
    section: Annotated[str, typer.Option("--section", help="科室 · section")] = "",
    person: Annotated[str, typer.Option("--person", help="经办人 · who deals with it")] = "",
    leader: Annotated[str, typer.Option("--leader", help="分管领导 · leader in charge")] = "",
    at: At = None,
) -> None:
    """单位内部分派：科室、经办人、分管领导 · assign inside the unit."""
    ledger = opened()
    moment = at_of(at, ledger)
    answer = desk.assign(
        ledger, number, moment, by, unit=unit, section=section, person=person, leader=leader
    )
    _say(number, answer)


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
def coordinate(
    number: Number,
    by: By,
    to: Annotated[list[str], typer.Option("--to", help="责任单位，第一个牵头 · units")],
    present: Annotated[list[str], typer.Option("--with", help="参加单位 · who took part")],
    decision: Annotated[str, typer.Option("--decision", help="会商决定 · what was decided")],
    minutes: Annotated[str, typer.Option("--minutes", help="纪要文号 · minutes")] = "",
    limit: Annotated[str, typer.Option("--limit", help="时限 · limit")] = "",
    at: At = None,
) -> None:
    """会商定责，不能再退单 · settle duty by a meeting; it is final."""
    ledger = opened()
    answer = desk.coordinate(
        ledger, number, to, present, decision, at_of(at, ledger), by, minutes, limit
    )
    _say(number, answer)


@app.command()
def transfer(
    number: Number,
    by: By,
    why: Why,
    to: Annotated[list[str], typer.Option("--to", help="责任单位，第一个牵头 · units")],
    limit: Annotated[str, typer.Option("--limit", help="时限 · limit")] = "",
    exempt: Annotated[
        bool, typer.Option("--exempt", help="原派错，原单位不计时 · it was wrongly dispatched")
    ] = False,
    at: At = None,
) -> None:
    """改派，重新计时 · pass to other units with a fresh clock."""
    ledger = opened()
    answer = desk.transfer(ledger, number, to, why, at_of(at, ledger), by, limit, exempt=exempt)
    _say(number, answer)


@app.command()
def take_over(
    number: Number,
    by: By,
    why: Why,
    unit: Annotated[str, typer.Option("--unit", help="上级单位 · the unit above")],
    at: At = None,
) -> None:
    """提级办理：上级单位牵头，督办提高一级 · a unit above takes the lead."""
    ledger = opened()
    _say(number, desk.take_over(ledger, number, unit, why, at_of(at, ledger), by))


@app.command()
def urge(number: Number, by: By, why: Why, at: At = None) -> None:
    """人工催办，每案每天一次 · urge by hand, once a day."""
    ledger = opened()
    _say(number, desk.urge(ledger, number, why, at_of(at, ledger), by))


@app.command()
def ask(
    number: Number,
    kind: RequestKind,
    by: By,
    why: Why,
    until: Annotated[str | None, typer.Option("--until", help="挂账至 · suspended until")] = None,
    at: At = None,
) -> None:
    """申请延期（extension）、挂账（suspension）或申诉（appeal）· ask for more time, or appeal."""
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
    """审核申请；办法要求两人时须两人同意 · decide the open request, or be one of two."""
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
def confirm_part(
    number: Number,
    by: By,
    unit: Annotated[str, typer.Option("--unit", help="协同单位 · the assisting unit")],
    text: Annotated[str, typer.Option("--text", help="完成情况 · what was done")],
    at: At = None,
) -> None:
    """协同单位报告完成 · an assisting unit's part is done."""
    ledger = opened()
    _say(number, desk.confirm_part(ledger, number, unit, text, at_of(at, ledger), by))


@app.command()
def withdraw(number: Number, by: By, why: Why, at: At = None) -> None:
    """撤回反馈（核查之前）；时限视同未停 · take a submission back before it is verified."""
    ledger = opened()
    _say(number, desk.withdraw(ledger, number, why, at_of(at, ledger), by))


@app.command()
def verify(
    number: Number,
    by: By,
    passed: Annotated[bool, typer.Option("--pass/--fail", help="通过或不通过")],
    partly: Annotated[bool, typer.Option("--partly", help="部分通过 · passed in part")] = False,
    left: Annotated[
        list[str] | None, typer.Option("--left", help="部分通过时：仍须办理的单位 · units left")
    ] = None,
    why: Why = "",
    at: At = None,
) -> None:
    """现场核查：通过销号，不通过或部分通过返工 · verify on site."""
    ledger = opened()
    answer = desk.verify(
        ledger, number, at_of(at, ledger), by,
        passed=passed, partly=partly, left=left or (), reason=why,
    )  # fmt: skip
    _say(number, answer)


@app.command()
def publish(number: Number, by: By, at: At = None) -> None:
    """公示 · publish a closed case."""
    ledger = opened()
    _say(number, desk.publish(ledger, number, at_of(at, ledger), by))


@app.command()
def expose(
    number: Number,
    by: By,
    medium: Annotated[str, typer.Option("--in", help="媒体或栏目 · the medium")],
    at: At = None,
) -> None:
    """登记曝光 · record where it was exposed."""
    ledger = opened()
    _say(number, desk.expose(ledger, number, medium, at_of(at, ledger), by))


@app.command()
def look_back(
    number: Number,
    by: By,
    passed: Annotated[bool, typer.Option("--pass/--fail", help="未反弹或反弹")],
    why: Why = "",
    at: At = None,
) -> None:
    """回头看结果：反弹则返工并提高一级 · what was found on looking back."""
    ledger = opened()
    _say(number, desk.look_back(ledger, number, at_of(at, ledger), by, passed=passed, reason=why))


@app.command()
def reopen(number: Number, by: By, why: Why, at: At = None) -> None:
    """重新办理已销号案件 · take a closed case up again."""
    ledger = opened()
    _say(number, desk.reopen(ledger, number, why, at_of(at, ledger), by))


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
def split(
    number: Number,
    by: By,
    why: Why,
    part: Annotated[
        list[str], typer.Option("--part", help="“问题”或“问题=单位、单位”，每部分一次 · a part")
    ],
    at: At = None,
    yes: Yes = False,
) -> None:
    """拆分为几个新案件，各自计时 · split into new cases."""
    _sure(f"确定拆分 {number}？不能恢复 · Split {number}? It cannot be undone", yes)
    ledger = opened()
    _say(number, desk.split(ledger, number, _shares(part), why, at_of(at, ledger), by))


def _shares(parts: list[str]) -> list[desk.Share]:
    told = [part.partition("=") for part in parts]
    return [desk.Share(what, tuple(u for u in units.split("、") if u)) for what, _, units in told]


@app.command()
def record_cost(
    number: Number,
    kind: CostKind,
    by: By,
    why: Why,
    yuan: Annotated[str, typer.Option("--yuan", help="金额，元 · the amount in yuan")],
    at: At = None,
) -> None:
    """登记经费：垫支（advanced）或结算（settled）· record cost."""
    ledger = opened()
    _say(number, desk.record_cost(ledger, number, kind, yuan, why, at_of(at, ledger), by))


@app.command()
def cancel(number: Number, by: By, why: Why, at: At = None, yes: Yes = False) -> None:
    """作废 · cancel with a reason."""
    _sure(f"确定作废 {number}？不能恢复 · Cancel {number}? It cannot be undone", yes)
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
