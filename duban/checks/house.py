"""The house itself: home folder, room on its disk, time zones."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from duban.checks.finding import Finding, Group, Site, ok, warning, wrong
from ledger.database import Ledger
from ledger.reference import zone
from models.words import Words

GIGABYTE = 1_000_000_000
SCARCE, FULL = 0.10, 0.03
"""Shares of a disk that are left."""

_ROOM = Words(
    "腾出空间：移走旧备份与日志（DUBAN_HOME/logs），或扩大磁盘。",
    "Make room: move old backups and logs (DUBAN_HOME/logs) away, or enlarge the disk.",
)


def home(site: Site) -> Iterator[Finding]:
    """Whether the home folder can be written."""
    folder = site.settings.home
    draft = folder / f".doctor-{uuid4().hex}"
    try:
        draft.write_bytes(b"duban")
        draft.unlink()
    except OSError as error:
        yield wrong(
            "home",
            Words(
                f"不能写入 {folder}：{error.strerror}。",
                f"The folder {folder} cannot be written: {error.strerror}.",
            ),
            Words(
                "让运行 duban 的用户能写它，或用 DUBAN_HOME 指定另一个文件夹；还没有建立则运行 "
                "duban init。",
                "Let the user that runs duban write it, or name another with DUBAN_HOME; if it is "
                "not there yet, run duban init.",
            ),
        )
        return
    yield ok("home", f"{folder} 可写。", f"{folder} can be written.")


def disk(site: Site) -> Iterator[Finding]:
    """Whether there is room left."""
    folder = _there(site.settings.home)
    usage = shutil.disk_usage(folder)
    yield from room(folder, usage.free, usage.total)


def room(folder: Path, left: int, whole: int) -> Iterator[Finding]:
    """What is to be said of a disk with so many bytes left."""
    free, share = left / GIGABYTE, left / whole
    found = Words(
        f"{folder} 所在磁盘剩余 {free:.1f} GB（{share:.0%}）。",
        f"The disk of {folder} has {free:.1f} GB left ({share:.0%}).",
    )
    if free < 1 or share < FULL:
        yield wrong("disk", found, _ROOM)
    elif share < SCARCE:
        yield warning("disk", found, _ROOM)
    else:
        yield ok("disk", *found)


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    whole = folder.resolve()
    return next(each for each in (whole, *whole.parents) if each.is_dir())


def zones(_: Site, ledger: Ledger) -> Iterator[Finding]:
    """Whether the time zone of the city is known on this machine."""
    try:
        name = zone(ledger).key
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        yield wrong(
            "zone",
            Words(f"没有时区资料：{error}。", f"There is no time zone data: {error}."),
            Words(
                "安装系统的 tzdata 软件包，或 pip install tzdata。",
                "Install the package tzdata of the system, or pip install tzdata.",
            ),
        )
        return
    yield ok("zone", f"时区 {name} 可用。", f"The time zone {name} is known.")


GROUP = Group(Words("安装", "Installation"), (home, disk), (zones,))
