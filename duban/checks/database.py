"""The database: how it is set up, whether it fits, and whether it can bear the load."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from duban.checks.finding import Finding, Group, Site, listed, ok, warning, wrong
from duban.session import now
from ledger import checkup
from ledger.checkup import Server
from ledger.database import Ledger
from models.words import Words

OLDEST = 14
"""The oldest PostgreSQL that is supported."""
OVERFLOW = 10
"""Connections a process opens beyond its pool while they are needed."""
SKEW, DRIFT = 30.0, 5.0
"""Seconds two clocks may differ at most, and before somebody should look."""
IDLE = 300.0
"""Seconds a transaction may stand open without doing anything."""
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.glusterfs", "afs")
"""File systems whose locks SQLite cannot rely on, https://sqlite.org/lockingv3.html."""


def setup(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """Everything one look at the database tells."""
    before = now()
    found = checkup.server(ledger)
    yield from _guards(found)
    if not ledger.postgresql:
        yield from _sqlite(site, ledger, found)
        return
    yield from judged(site, found)
    if found.now:
        middle = before + (now() - before) / 2
        yield clock((found.now - middle).total_seconds())


def judged(site: Site, found: Server) -> Iterator[Finding]:
    """What is to be said of a PostgreSQL server."""
    yield _version(found)
    yield _connections(site, found)
    yield from _idle(found)
    yield from _switched_off(found)


def _guards(found: Server) -> Iterator[Finding]:
    if not found.unguarded:
        yield ok("guards", "防改触发器齐全。", "Every guard trigger is in place.")
        return
    names = listed(list(found.unguarded))
    yield wrong(
        "guards",
        Words(f"防改触发器缺失的表：{names.zh}。", f"Tables without their guard: {names.en}."),
        Words(
            "先用 duban log verify 查明记录是否被改动、何人所为，再从迁移脚本重建触发器。",
            "Find out with duban log verify whether records were changed, and who did it; then "
            "restore the trigger from the migration.",
        ),
    )


# -- SQLite ------------------------------------------------------------------------------------


def _sqlite(site: Site, ledger: Ledger, found: Server) -> Iterator[Finding]:
    file = Path(str(ledger.engine.url.database)).resolve()
    kind = file_system(file, _mounts())
    if found.journal != "wal":
        yield wrong(
            "journal-mode",
            Words(
                f"SQLite 的日志方式是 {found.journal}，应为 wal。",
                f"SQLite's journal mode is {found.journal}; it has to be wal.",
            ),
            Words(
                "把数据库放到支持共享内存映射的本机磁盘上，再启动。",
                "Put the database onto a local disk, where memory can be shared, and start again.",
            ),
        )
    if kind in REMOTE:
        yield wrong(
            "file-system",
            Words(
                f"SQLite 数据库在网络文件系统上（{kind}），锁不可靠，可能损坏。",
                f"The SQLite database lies on a network file system ({kind}); its locks cannot be "
                "relied on, and it may be damaged.",
            ),
            Words(
                "把 DUBAN_HOME 移到本机磁盘；多台机器共用请改用 PostgreSQL（duban db copy）。",
                "Move DUBAN_HOME to a local disk; for several machines use PostgreSQL "
                "(duban db copy).",
            ),
        )
    yield ok(
        "database",
        f"SQLite {found.version}，{found.journal.upper()}，文件系统 {kind or '未知'}。",
        f"SQLite {found.version}, {found.journal.upper()}, file system {kind or 'unknown'}.",
    )


def _mounts() -> list[tuple[str, str]]:
    """Every mount point with its kind; nothing where there is no /proc."""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    rows = (line.split() for line in lines)
    return [(row[1].replace("\\040", " "), row[2]) for row in rows if len(row) > 2]


def file_system(file: Path, mounts: Sequence[tuple[str, str]]) -> str:
    """The kind of file system a file lies on; empty where that is not known."""
    over = [(point, kind) for point, kind in mounts if file.is_relative_to(point)]
    # Of two mounts on one place the later one counts.
    return max(enumerate(over), key=lambda each: (len(each[1][0]), each[0]))[1][1] if over else ""


# -- PostgreSQL --------------------------------------------------------------------------------


def _version(found: Server) -> Finding:
    said = Words(f"PostgreSQL {found.version}。", f"PostgreSQL {found.version}.")
    if found.major >= OLDEST:
        return ok("database", *said)
    return wrong(
        "database",
        said,
        Words(
            f"升级到 PostgreSQL {OLDEST} 或更新版本：先 duban db backup。",
            f"Upgrade to PostgreSQL {OLDEST} or newer, after duban db backup.",
        ),
    )


def _connections(site: Site, found: Server) -> Finding:
    """One more process may ask for its whole pool and what it opens beyond."""
    most = site.settings.pool + OVERFLOW
    said = Words(
        f"数据库还能接受 {found.connections} 个连接，一个进程最多用 {most} 个。",
        f"The database takes {found.connections} more connections; a process uses up to {most}.",
    )
    todo = Words(
        "调大 max_connections，调小 DUBAN_POOL，或在中间放 PgBouncer（session 方式）。",
        "Raise max_connections, lower DUBAN_POOL, or put PgBouncer in between (session mode).",
    )
    if found.connections < 3:
        return wrong("connections", said, todo)
    if found.connections < most:
        return warning("connections", said, todo)
    return ok("connections", *said)


def clock(skew: float) -> Finding:
    """What is to be said of clocks that differ by so many seconds."""
    said = Words(
        f"数据库与本机的时钟相差 {abs(skew):.1f} 秒。",
        f"The clocks of the database and of this machine differ by {abs(skew):.1f} s.",
    )
    todo = Words(
        "在两台机器上启用 NTP（chrony 或 systemd-timesyncd）：时限、签封、租约都以时钟为准。",
        "Have NTP on both (chrony or systemd-timesyncd): limits, seals and leases go by the clock.",
    )
    if abs(skew) > SKEW:
        return wrong("clock", said, todo)
    return warning("clock", said, todo) if abs(skew) > DRIFT else ok("clock", *said)


def _idle(found: Server) -> Iterator[Finding]:
    if found.idle_in_transaction <= IDLE:
        return
    minutes = found.idle_in_transaction / 60
    yield warning(
        "idle-in-transaction",
        Words(
            f"有一个事务空开着 {minutes:.0f} 分钟，会挡住别人、妨碍清理。",
            f"A transaction has stood open without work for {minutes:.0f} min; it blocks others "
            "and keeps the tables from being cleaned.",
        ),
        Words(
            "在 pg_stat_activity 中找到它（state = 'idle in transaction'）并结束；不是 duban 的，"
            "问其主人。",
            "Find it in pg_stat_activity (state = 'idle in transaction') and end it; if it is not "
            "duban's, ask whose it is.",
        ),
    )


def _switched_off(found: Server) -> Iterator[Finding]:
    if not found.switched_off:
        return
    names = "、".join(found.switched_off)
    yield wrong(
        "server-settings",
        Words(f"PostgreSQL 关闭了 {names}。", f"PostgreSQL has switched off {names}."),
        Words(
            "在 postgresql.conf 中打开：关着 fsync、full_page_writes 断电会丢数据，"
            "关着 autovacuum 表会越来越慢。",
            "Switch it on in postgresql.conf: without fsync or full_page_writes a power cut loses "
            "data, without autovacuum tables grow slow.",
        ),
    )


GROUP = Group(Words("数据库", "Database"), (), (setup,))
