"""Evidence and backups: pictures can be written and are as they were; a backup was made lately."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from documents.store import Store
from duban.checks.finding import Finding, Group, Site, ok, warning, wrong
from ledger import checkup
from ledger.database import Ledger
from models.words import Trouble, Words

OLD = timedelta(hours=26)
TOO_OLD = timedelta(hours=74)
"""A backup a night; the week-end may pass before somebody looks."""
KINDS = ("*.duban", "*.tar", "*.tar.*")


def store(site: Site) -> Iterator[Finding]:
    """Whether a picture could be kept."""
    kind = site.settings.store().partition("://")[0] if "://" in site.settings.store() else ""
    try:
        Store(site.settings.store()).probe()
    except Trouble as trouble:
        yield wrong(
            "evidence-store",
            trouble.words,
            Words(
                "检查 DUBAN_PHOTOS 所指的文件夹或存储桶：是否存在、可写、未满。",
                "Check the folder or bucket that DUBAN_PHOTOS names: there, writable, not full.",
            ),
        )
        return
    yield ok(
        "evidence-store",
        f"照片存放处可写{f'（{kind}）' if kind else ''}。",
        f"The evidence store can be written{f' ({kind})' if kind else ''}.",
    )


def pictures(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """Whether some of the pictures are there, byte for byte."""
    paths = checkup.pictures(ledger)
    if not paths:
        return
    try:
        kept = Store(site.settings.store())
    except Trouble:
        return  # said by the store's own check
    missing = [trouble for path in paths if (trouble := _missing(kept, path))]
    if not missing:
        yield ok(
            "evidence-files",
            f"抽查 {len(paths)} 张照片，都在，未被改动。",
            f"{len(paths)} pictures looked at: all there, none changed.",
        )
        return
    yield wrong(
        "evidence-files",
        Words(
            f"抽查 {len(paths)} 张照片，{len(missing)} 张不在或被改动。{missing[0].zh}",
            f"Of {len(paths)} pictures looked at {len(missing)} are gone or changed. "
            f"{missing[0].en}",
        ),
        Words(
            "查明是谁动的；duban db backup 会列出全部缺失与被改的，再从旧备份恢复它们。",
            "Find out who did it; duban db backup names all that are missing or changed, and an "
            "older backup has them.",
        ),
    )


def _missing(kept: Store, path: str) -> Words | None:
    try:
        kept.get(path)
    except Trouble as trouble:
        return trouble.words
    return None


def backups(site: Site) -> Iterator[Finding]:
    """How old the newest backup is: in DUBAN_BACKUPS, else where `duban db backup` puts it."""
    folder = Path(os.environ.get("DUBAN_BACKUPS") or site.settings.home / "backups")
    todo = Words(
        "每夜跑一次 duban db backup（见 docs/operations.md），并另存一份到别的机器；"
        "备份在别处的，用 DUBAN_BACKUPS 指明。",
        "Have duban db backup run every night (see docs/operations.md), and carry a copy to "
        "another machine; if it is kept elsewhere, name that folder with DUBAN_BACKUPS.",
    )
    made = _newest(folder)
    if made is None:
        said = Words(f"{folder} 里没有备份。", f"There is no backup in {folder}.")
        yield (wrong if "DUBAN_BACKUPS" in os.environ else warning)("backup", said, todo)
        return
    age = site.now - made
    hours = int(age.total_seconds() // 3600)
    found = Words(f"最近的备份是 {hours} 小时前的。", f"The newest backup is {hours} h old.")
    if age > TOO_OLD:
        yield wrong("backup", found, todo)
    elif age > OLD:
        yield warning("backup", found, todo)
    else:
        yield ok("backup", *found)


def _newest(folder: Path) -> datetime | None:
    """When the newest backup was written, by its file."""
    files = {file for kind in KINDS for file in folder.glob(kind)}
    stamps = [file.stat().st_mtime for file in files]
    return datetime.fromtimestamp(max(stamps), UTC) if stamps else None


GROUP = Group(Words("证据与备份", "Evidence and backups"), (store, backups), (pictures,))
