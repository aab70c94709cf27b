"""The commands that prove the log: verify it, hand it out, show the key it is signed with."""

import json
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.session import now, opened, settings
from ledger.proof import Proof
from ledger.reference import zone
from models.words import Trouble

AsJson = Annotated[bool, typer.Option("--json", help="输出一份 JSON · one JSON document")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on `duban log`."""
    for command in (verify, export, key):
        app.command()(command)


def verify(as_json: AsJson = False) -> None:
    """验证流转记录与督办日志未被改动 · prove that nobody changed the records."""
    from ledger import proof
    from tasks import keys

    ledger, home = opened(), settings().home
    public = keys.trusted(home)
    found = proof.verify(ledger, public, keys.last_seal(home))
    if as_json:
        document = {
            "ok": not found.broken,
            "checked": found.checked,
            "sealed": found.sealed,
            "checkpoints": found.checkpoints,
            "signatures": "checked" if public else "not checked: no public key",
            "broken": found.broken,
        }
        show.print_json(document, zone(ledger))
    else:
        _print_proof(found, signed=bool(public))
    if found.broken:
        raise typer.Exit(1)


def _print_proof(found: Proof, *, signed: bool) -> None:
    if found.broken:
        rows = [(b.case, b.seq, b.what) for b in found.broken]
        show.print_table("与写下时不符 · not as written", ("案号", "第几条", "问题"), rows)
    else:
        show.say(
            f"{found.checked} 条记录逐条相连，未被改动 · {found.checked} records hold, unchanged."
        )
    if signed:
        show.say(
            f"{found.checkpoints} 个签封，总账签到第 {found.sealed} 条 · {found.checkpoints} "
            f"checkpoints; the overall chain is signed up to entry {found.sealed}."
        )
    else:
        show.say(
            "没有公钥（DUBAN_HOME/keys/*.pub），签封未核对 · no public key is there "
            "(DUBAN_HOME/keys/*.pub): signatures were NOT checked."
        )


def export(
    file: Annotated[Path, typer.Argument(help="写到此文件，JSON Lines · where to write")],
) -> None:
    """签封并导出全部流转记录，供他人验证 · sign and hand out the log, for others to verify."""
    from ledger import export as exporting
    from tasks import keys, sealing

    ledger, home, at = opened(), settings().home, now()
    sealed = sealing.seal(ledger, home, at)
    lines = 0
    try:
        with file.open("w", encoding="utf-8", newline="\n") as out:
            for line in exporting.export(ledger, keys.trusted(home), at):
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                lines += "position" in line
    except OSError as error:
        raise Trouble(
            f"不能写文件 {file}：{error.strerror}。请换一个可写的位置。",
            f"Cannot write {file}: {error.strerror}. Name a place that can be written.",
        ) from None
    position = sealed.position if sealed else 0
    show.say(
        f"{lines} 条记录写到 {file}，签到第 {position} 条；验证方法见 docs/verify-log.md · "
        f"{lines} records written, signed up to entry {position}"
    )
    if lines and not sealed:
        show.say(
            "最新签封已不在数据库中，未再签封；请运行 duban log verify · the newest checkpoint is "
            "missing from the database, so nothing was signed: run duban log verify"
        )


def key(as_json: AsJson = False) -> None:
    """签封用的公钥，请公布 · the public key the log is signed with; make it known."""
    from tasks import keys

    public = keys.trusted(settings().home)
    if not public:
        raise Trouble(
            "还没有公钥。运行 duban init 会生成一把。",
            "There is no public key yet. duban init makes one.",
        )
    if as_json:
        document: dict[str, Any] = {"key": public[0], "trusted": public}
        return show.print_json(document, ZoneInfo("UTC"))
    return show.say("\n".join(public))
