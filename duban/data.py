"""`duban db`: backup, check, restore, copy, export, archive."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, now, opened, settings
from ledger.database import mask
from ledger.reference import zone
from models.words import Trouble

if TYPE_CHECKING:
    from tasks.backing_up import Checked, Saved

group = typer.Typer(
    no_args_is_help=True,
    help="数据：备份、核对、恢复、迁库、导出、存档 · backups, moves, exports, the archive",
)

Yes = Annotated[bool, typer.Option("--yes", "-y", help="不再询问 · do not ask")]
WithoutPictures = Annotated[
    bool, typer.Option("--without-photos", help="不含照片 · leave the pictures out")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="db")


@group.command()
def backup(
    where: Annotated[
        Path | None, typer.Argument(help="文件，或文件夹；默认 DUBAN_HOME/backups")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="文件夹中只留最近几份 · keep the newest")
    ] = None,
    without_photos: WithoutPictures = False,
    as_json: AsJson = False,
) -> None:
    """备份台账与照片为一个文件，写完即读回核对 · everything into one file, read back."""
    from tasks import backing_up, beating

    ledger, moment, began = opened(), now(), time.monotonic()
    file = _file(where, f"duban-{moment:%Y%m%dT%H%M%SZ}.tar", keep)
    store = None if without_photos else _store()
    with _bar("备份 backup", as_json) as told:
        saved = backing_up.backup(ledger, store, settings().home, file, moment, told)
    if saved.complete:
        beating.went_well("backup", time.monotonic() - began, {"rows": saved.rows})
    # Where pictures are missing an older backup may be the last to have them.
    gone = backing_up.prune(file.parent, keep, file) if keep and saved.complete else []
    if as_json:
        show.print_json({**_saved(saved), "removed": gone}, zone(ledger))
    else:
        _tell_saved(saved, gone)
    if not saved.complete:
        raise typer.Exit(1)


def _file(where: Path | None, name: str, keep: int | None) -> Path:
    folder = settings().home / "backups" if where is None else where
    if where is None or folder.is_dir() or str(where).endswith("/"):
        return folder / name
    if keep:
        raise Trouble(
            f"--keep 只用于文件夹，而 {folder} 是文件名。请给一个已有的文件夹。",
            f"--keep goes with a folder; {folder} names a file. Name a folder that is there.",
        )
    return folder


def _saved(saved: "Saved") -> dict[str, Any]:
    names = ("file", "rows", "pictures", "bytes", "lost", "altered")
    return {name: getattr(saved, name) for name in names}


def _tell_saved(saved: "Saved", gone: list[Path]) -> None:
    show.say(
        f"{saved.rows} 行、{saved.pictures} 张照片备份到 {saved.file}"
        f"（{saved.bytes / 1e6:,.1f} MB），已读回核对 · {saved.rows} rows, "
        f"{saved.pictures} pictures, read back and right.\n"
        "密钥不在其中：另行保管 DUBAN_HOME/keys。文件含口令散列，勿外传 · the keys are not in it: "
        "keep DUBAN_HOME/keys elsewhere; it holds password hashes, so keep it to yourselves."
    )
    if gone:
        show.say(f"删去旧备份 {len(gone)} 份 · {len(gone)} old ones removed")
    for paths, what in (
        (saved.lost, "张案件照片不在存放处 · pictures of cases are not in the store"),
        (saved.altered, "张照片与提交时不同 · pictures are not those handed in"),
    ):
        if paths:
            show.refuse(f"{len(paths)} {what}: {', '.join(paths[:5])}")


@group.command()
def check(
    file: Annotated[Path, typer.Argument(help="备份文件 · a backup")],
    quick: Annotated[
        bool, typer.Option("--quick", help="只核对摘要与行数，不试恢复 · digests only")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """把备份恢复到临时库，验证行数、引用、记录链与照片 · prove a backup by restoring it."""
    from tasks import backing_up

    with _bar("核对 check", as_json) as told:
        found = backing_up.check(file, settings().home, quick=quick, told=told)
    _answer(found, as_json, "试恢复无误" if found.restored else "摘要与行数无误，未试恢复")


@group.command()
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 · a backup")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """把备份恢复到 DUBAN_DATABASE_URL 所指的空库 · restore into an empty database."""
    from tasks import backing_up

    url = settings().database()
    if not yes:
        typer.confirm(
            f"恢复到 {mask(url)}，照片写入 {settings().store()}？ restore there?",
            abort=True, err=True,
        )  # fmt: skip
    with _bar("恢复 restore", as_json) as told:
        found = backing_up.restore(file, url, _store(), settings().home, told)
    _answer(found, as_json, f"已恢复到 {mask(url)}")


def _answer(found: "Checked", as_json: bool, done: str) -> None:
    head = found.head
    if as_json:
        document = {
            "ok": not found.broken, "restored": found.restored, "rows": found.rows,
            "tables": {name: t["rows"] for name, t in found.manifest["tables"].items()},
            "evidence": found.manifest["evidence"], "records": found.records,
            "broken": found.broken, "created_at": head["created_at"],
            "revision": head["revision"], "program": head["program"],
            "notes": [words._asdict() for words in found.notes],
        }  # fmt: skip
        show.print_json(document, ZoneInfo("UTC"))
    else:
        show.say(
            f"{done}：{found.rows} 行、{found.manifest['evidence']['files']} 个照片文件，"
            f"{head['created_at']} 由 {head['program']}（库版本 {head['revision']}）写成 · "
            f"{found.rows} rows, as of {head['created_at']}"
        )
        _tell_chain(found)
    if found.broken:
        raise typer.Exit(1)


def _tell_chain(found: "Checked") -> None:
    if found.restored and not found.broken:
        show.say(f"{found.records} 条记录逐条相连，未被改动 · {found.records} records hold")
    if found.broken:
        rows = [(each.case, each.seq, each.what) for each in found.broken[:50]]
        show.print_table(
            f"记录与写下时不符，共 {len(found.broken)} 处 · not as written",
            ("案号", "第几条", "问题"), rows,
        )  # fmt: skip
    for words in found.notes:
        show.say(f"注意：{words.within(settings().lang)}")


@group.command()
def copy(
    to: Annotated[str, typer.Option("--to", help="新库，必须是空的 · the new, empty database")],
    as_json: AsJson = False,
) -> None:
    """把台账整个搬到另一个库（如由 SQLite 到 PostgreSQL） · move to another database."""
    from tasks import backing_up

    ledger = opened()
    with _bar("迁库 copy", as_json) as told:
        done = backing_up.copy(ledger, to, told)
    rows = sum(tally.rows for tally in done.values())
    if as_json:
        counts = {name: tally.rows for name, tally in done.items()}
        return show.print_json({"to": mask(to), "rows": rows, "tables": counts}, zone(ledger))
    return show.say(
        f"{rows} 行搬到 {mask(to)}，逐行核对无误，总账一致 · {rows} rows, each compared.\n"
        "接下来：停止 duban up 与门户，把 DUBAN_DATABASE_URL 改为新库，再启动；照片与 keys 不动。"
        "复制期间若仍有人办理，请停机后再复制一次到空库 · next: stop everything, let "
        "DUBAN_DATABASE_URL name the new database, start again; what was written during the copy "
        "is not in it."
    )


@group.command()
def export(
    folder: Annotated[Path, typer.Argument(help="新文件夹 · a new folder")],
    csv: Annotated[bool, typer.Option("--csv", help="CSV，而非 JSON Lines")] = False,
    without_photos: WithoutPictures = False,
    as_json: AsJson = False,
) -> None:
    """以开放格式交出全部数据，不含口令与密钥 · everything in open formats, no secrets."""
    from tasks import handing_out

    ledger, store = opened(), None if without_photos else _store()
    with _bar("导出 export", as_json) as told:
        done = handing_out.export(ledger, store, folder, now(), as_csv=csv, told=told)
    if as_json:
        return show.print_json(done, zone(ledger))
    return show.say(
        f"{done.rows} 行、{done.pictures} 张照片写到 {folder}；未交出："
        f"{'、'.join(done.withheld)} · {done.rows} rows, "
        f"{done.pictures} pictures; withheld as listed"
    )


@group.command()
def archive(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只数，不移 · count only, move nothing")
    ] = False,
    before: Annotated[
        int | None, typer.Option("--before", help="存入此年之前销号的 · closed before this year")
    ] = None,
    drop: Annotated[
        int | None, typer.Option("--drop", help="销毁存档中的一年 · let a year go")
    ] = None,
    document: Annotated[
        str, typer.Option("--document", help="准予销毁的文号 · the document that allows it")
    ] = "",
    yes: Yes = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """把早已销号案件的往来通知移入存档 · move what was sent about old cases to the archive."""
    from ledger import archive as archiving

    ledger = opened()
    local, moment = zone(ledger), at_of(at, ledger)
    if drop is not None:
        return _drop(drop, document.strip(), moment, yes)
    since = datetime(before, 1, 1, tzinfo=local) if before else None
    until = since or archiving.cutoff(moment, settings().archive_after_years, local)
    if until is None:
        raise Trouble(
            "DUBAN_ARCHIVE_AFTER_YEARS 为 0：不存档。要存一次，请用 --before 指明年份。",
            "DUBAN_ARCHIVE_AFTER_YEARS is 0: nothing is archived. Name a year by --before.",
        )
    counts = archiving.archive(ledger, until, dry_run=dry_run)
    with ledger.snapshot() as connection:
        years = archiving.years(connection)
    if as_json:
        document_ = {"before": until, "dry_run": dry_run, **counts, "years": years}
        return show.print_json(document_, local)
    show.print_counts(
        f"{until:%Y-%m-%d} 前销号的案件{'，试算' if dry_run else ''}",
        {_COUNTED[name]: count for name, count in counts.items() if count},
    )
    return show.print_counts("存档 the archive", {f"{y} 年": count for y, count in years.items()})


_COUNTED = {"notices": "通知", "deliveries": "投递", "links": "专用链接", "calls": "外发调用"}


def _drop(year: int, document: str, at: datetime, yes: bool) -> None:
    from ledger import archive as archiving
    from ledger.admin import Hand

    if not document:
        raise Trouble(
            "销毁须有依据：请用 --document 写明准予销毁的文号。档案保管期限由贵办决定。",
            "Letting a year go needs a reason: give the document that allows it by --document. "
            "How long files are kept is the office's decision.",
        )
    if not yes:
        typer.confirm(
            f"销毁存档中 {year} 年的全部通知，不可恢复？ let {year} go for good?",
            abort=True, err=True,
        )  # fmt: skip
    held = archiving.drop(opened(), Hand(None, f"duban db（{getuser()}）"[:60], at), year, document)
    show.say(f"{year} 年 {held} 条通知已销毁，依据 {document}，已记入管理日志 · {held} are gone")


# -- shared ------------------------------------------------------------------------------------


def _store() -> Any:
    from documents.store import Store

    return Store(settings().store())


@contextmanager
def _bar(title: str, quiet: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on a terminal; what is under way changes, so each part counts anew."""
    with show.progress(title, quiet=quiet) as bar:
        yield lambda what, done, of: bar(done, of or 0)
