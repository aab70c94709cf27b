"""`duban doctor`: a healthy installation, and many broken ones: each says what is wrong, and what
to do, and ends with status 1."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from duban import doctor
from duban.checks import database, house
from duban.checks.finding import Site
from duban.settings import Settings
from ledger import heartbeats, setting_aside
from ledger.changes import insert, table
from ledger.checkup import Server
from ledger.database import Ledger, connect
from models.calendar import CalendarDay, CalendarYear
from models.case import Case
from models.heartbeat import Heartbeat
from models.outlet import Outlet
from models.person import Channel
from models.photo import Photo
from models.record import Record
from notices.vault import Vault, new_key
from rules.heartbeat import shares
from tests.cli.conftest import LEDGER, Duban, Said
from tests.conftest import Databases
from tests.world import instant

NOW = instant("2026-09-24 15:00").astimezone(UTC)
PASSWORD = "s3cretpassw0rd"
DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
CHECKS = Path(__file__).parents[2] / "duban" / "checks"


@dataclass
class StandIn:
    """Prefect's server and the portal, as far as a doctor asks them."""

    answers: dict[str, Any] = field(default_factory=dict)
    refuses: dict[str, int] = field(default_factory=dict)
    url: str = ""


def _well() -> dict[str, Any]:
    sweep = {"name": "sweep", "paused": False, "schedules": [{"active": True}],
             "work_pool_name": "duban", "status": "READY"}  # fmt: skip
    worker = {"name": "worker-1", "last_heartbeat_time": NOW.isoformat()}
    return {
        "/api/health": True,
        "/api/admin/version": version("prefect"),
        "/api/deployments/filter": [sweep],
        "/api/work_pools/duban/workers/filter": [worker],
        "/api/task_workers/filter": [{"task_keys": ["react-1a2b"]}],
        "/api/flow_runs/count": 0,
        "/ready": "ready",
    }


@pytest.fixture(scope="module")
def listening() -> Iterator[StandIn]:
    """One server for all tests of this file."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = stand_in.answers.get(self.path)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            data = json.dumps(found).encode()
            self.send_response(404 if found is None else stand_in.refuses.get(self.path, 200))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name the library looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield stand_in
    server.shutdown()
    server.server_close()


@dataclass
class Place:
    """An installation that is well until somebody breaks it."""

    duban: Duban
    home: Path
    ledger: Ledger
    stand_in: StandIn
    patch: pytest.MonkeyPatch

    def examined(self) -> Said:
        """What the doctor says, as one document."""
        return self.duban("doctor", "--json")

    def do(self, statement: sa.Executable | str) -> None:
        """Change a row behind the ledger's back."""
        said = sa.text(statement) if isinstance(statement, str) else statement
        with self.ledger.transaction() as connection:
            connection.execute(said)


@pytest.fixture
def place(
    town: Duban, home: Path, listening: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """The small city, its rounds going, its server and portal answering, a backup made."""
    listening.answers, listening.refuses = _well(), {}
    monkeypatch.setenv("PREFECT_API_URL", f"{listening.url}/api")
    monkeypatch.setenv("DUBAN_PORTAL_URL", listening.url)
    monkeypatch.setattr(doctor, "now", lambda: NOW)
    kept = home / "backups" / "duban-20260924T020000Z.tar"
    kept.parent.mkdir()
    kept.write_bytes(b"")
    made = (NOW - timedelta(hours=13)).timestamp()
    os.utime(kept, (made, made))
    ledger = connect(f"sqlite:///{home / 'duban.db'}")
    heartbeats.beat(ledger, "sweep", NOW - timedelta(seconds=40), 2.0, {"reminded": 1})
    yield Place(town, home, ledger, listening, monkeypatch)
    ledger.engine.dispose()


def findings(said: Said, state: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in said.json["findings"] if each["state"] == state}


def test_a_healthy_installation_is_well_and_says_so(place: Place) -> None:
    said = place.examined()
    assert said.status == 0, said.json
    assert findings(said, "wrong") == {}
    # The address of the stand-in is one of this machine, and the small city lacks people.
    lacking = {"portal-address", "units-without-people", "duties-without-people"}
    assert set(findings(said, "warning")) == lacking
    told = place.duban("doctor")
    assert told.status == 0
    assert "不到 1 分钟前巡查过到期案件" in told.out
    assert "0 处有错，3 处请注意" in told.out


# -- broken ------------------------------------------------------------------------------------

Break = Callable[[Place], None]


def unreachable(place: Place) -> None:
    url = f"postgresql://duban:{PASSWORD}@127.0.0.1:1/duban"
    place.patch.setenv("DUBAN_DATABASE_URL", url)


def older(place: Place) -> None:
    place.do("UPDATE alembic_version SET version_num = '0005'")


def newer(place: Place) -> None:
    place.do("UPDATE alembic_version SET version_num = '9999'")


def not_set_up(place: Place) -> None:
    place.patch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{place.home / 'nothing.db'}")


def without_signing_key(place: Place) -> None:
    (place.home / "keys" / "log.pem").unlink()


def key_for_all(place: Place) -> None:
    (place.home / "keys" / "log.pem").chmod(0o644)


def _sealed(place: Place, key: str) -> None:
    rows = table(Channel)
    place.do(sa.update(rows).values(url=Vault([key]).seal(f"mailto://a:{PASSWORD}@x.cn")))


def without_channel_key(place: Place) -> None:
    _sealed(place, new_key())
    (place.home / "keys" / "channels.key").unlink(missing_ok=True)


def another_channel_key(place: Place) -> None:
    _sealed(place, new_key())
    (place.home / "keys" / "channels.key").write_text(new_key())


def prefect_away(place: Place) -> None:
    place.patch.setenv("PREFECT_API_URL", f"http://duban:{PASSWORD}@127.0.0.1:1/api")


def prefect_shut(place: Place) -> None:
    place.patch.setenv("PREFECT_API_AUTH_STRING", f"duban:{PASSWORD}")
    del place.stand_in.answers["/api/health"]


def paused(place: Place) -> None:
    place.stand_in.answers["/api/deployments/filter"][0]["paused"] = True


def without_worker(place: Place) -> None:
    long_ago = (NOW - timedelta(minutes=3)).isoformat()
    place.stand_in.answers["/api/work_pools/duban/workers/filter"][0] |= {
        "last_heartbeat_time": long_ago
    }


def unserved(place: Place) -> None:
    place.stand_in.answers["/api/deployments/filter"][0] |= {
        "work_pool_name": None, "status": "NOT_READY",
    }  # fmt: skip


def rounds_away(place: Place) -> None:
    heartbeats.beat(place.ledger, "sweep", NOW - timedelta(minutes=17), 2.0, {})


def share_away(place: Place) -> None:
    shared = shares("follow-up", 2)
    for name, ago in zip(shared, (1, 17), strict=True):
        heartbeats.beat(place.ledger, name, NOW - timedelta(minutes=ago), 2.0, {}, shared)
    place.do(sa.delete(table(Heartbeat)).where(table(Heartbeat).c.name == "sweep"))


def rounds_failing(place: Place) -> None:
    for _ in range(3):
        heartbeats.stumble(place.ledger, "sweep", NOW, "DatabaseTrouble: disk full")


def _case(place: Place) -> int:
    Path("ledger.csv").write_text(LEDGER, "utf-8")
    place.duban("import", "ledger.csv", "--at", "2026-09-24T09:00")
    with place.ledger.snapshot() as connection:
        return int(connection.execute(sa.select(table(Case).c.id)).scalars().first() or 0)


def set_aside(place: Place) -> None:
    case_id = _case(place)
    with place.ledger.transaction() as connection:
        for _ in range(3):
            setting_aside.add(connection, case_id, "follow-up", KeyError("x"), NOW)


def looks_late(place: Place) -> None:
    _case(place)
    when = NOW - timedelta(hours=3)
    place.do(sa.update(table(Case)).values(next_look_at=when))


def without_calendar(place: Place) -> None:
    days, years = table(CalendarDay), table(CalendarYear)
    place.do(sa.delete(days).where(days.c.year == 2026))
    place.do(sa.delete(years).where(years.c.year == 2026))


def policy_spoilt(place: Place) -> None:
    place.do("UPDATE policy_version SET text = 'ladder: [nonsense'")


def picture_gone(place: Place) -> None:
    digest = "ab" * 32
    row = {"person_id": 1, "at": NOW, "name": "a.jpg", "media": "image/jpeg", "source": digest,
           "digest": digest, "path": f"ab/ab/{digest}.jpg", "size": 1, "width": 1,
           "height": 1}  # fmt: skip
    with place.ledger.transaction() as connection:
        insert(connection, Photo, [row])


def store_gone(place: Place) -> None:
    (place.home / "photos").write_text("a file where the folder was")


def guard_dropped(place: Place) -> None:
    place.do("DROP TRIGGER keep_record_update")


def record_changed(place: Place) -> None:
    _case(place)
    with place.ledger.transaction() as connection:
        create = connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE name = 'keep_record_update'")
        ).scalar_one()
        connection.execute(sa.text("DROP TRIGGER keep_record_update"))
        connection.execute(sa.update(table(Record)).values(words="别的话"))
        connection.execute(sa.text(create))


def home_shut(place: Place) -> None:
    place.patch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{place.home / 'duban.db'}")
    place.patch.setenv("DUBAN_HOME", "/proc/duban")


def portal_away(place: Place) -> None:
    place.patch.setenv("DUBAN_PORTAL_URL", "http://127.0.0.1:1")


def portal_waits(place: Place) -> None:
    place.stand_in.answers["/ready"] = "ledger: the database cannot be used"
    place.stand_in.refuses["/ready"] = 503


def mailbox_away(place: Place) -> None:
    place.patch.setenv("DUBAN_IMAP_URL", f"imap://duban:{PASSWORD}@127.0.0.1:1/INBOX")


def backups_gone(place: Place) -> None:
    place.patch.setenv("DUBAN_BACKUPS", str(place.home / "elsewhere"))


def backup_old(place: Place) -> None:
    [file] = (place.home / "backups").iterdir()
    os.utime(file, (0, 0))


def setting_wrong(place: Place) -> None:
    place.patch.setenv("DUBAN_POOL", "many")


BROKEN: dict[Break, tuple[str, str, str]] = {
    unreachable: ("database", "无法使用数据库 postgresql://duban:***@127.0.0.1", "再体检一次"),
    older: ("revision", "数据库是 0005 版，本程序需要", "duban init 升级（在办案件不受影响）"),
    newer: ("revision", "数据库是 9999 版", "改用建库的那一版程序"),
    not_set_up: ("database", "还没有建立", "再体检一次"),
    without_signing_key: ("signing-key", "没有签封密钥", "恢复 DUBAN_HOME/keys"),
    key_for_all: ("key-mode", "别人读得到密钥：log.pem", "chmod 600"),
    without_channel_key: ("channel-key", "没有渠道密钥", "DUBAN_SECRET_KEY"),
    another_channel_key: ("channel-key", "密钥不是当初封存它的那一把", "恢复 DUBAN_HOME/keys"),
    prefect_away: ("prefect", "（127.0.0.1）没有应答：连接不上", "启动 Prefect 服务"),
    prefect_shut: ("prefect", "没有应答：HTTP 404", "核对 PREFECT_API_URL"),
    paused: ("deployments", "没有启用的部署：sweep；被停用：sweep", "duban deploy"),
    without_worker: ("worker", "工作池 duban 一分钟内没有在线的执行进程", "prefect worker start"),
    unserved: ("worker", "没有进程在执行定时督办", "duban serve rounds"),
    rounds_away: ("heartbeat", "已有 17 分钟没有巡查到期案件", "duban sweep"),
    share_away: ("heartbeat", "已有 17 分钟没有巡查到期案件（follow-up-2）", "duban sweep"),
    rounds_failing: ("heartbeat-failing", "sweep 连续失败 3 次：DatabaseTrouble", "Prefect 页面"),
    set_aside: ("set-aside", "1 件案件连续三次没有办成", "立即重试"),
    looks_late: ("looks", "1 件案件到点未巡查，最早的晚了 3 小时", "worker"),
    without_calendar: ("calendar", "2026 年的放假安排没有装载", "duban load 日历.csv"),
    policy_spoilt: ("policy", "", "duban policy 办法.yaml"),
    picture_gone: ("evidence-files", "抽查 1 张照片，1 张不在或被改动", "从旧备份恢复"),
    store_gone: ("evidence-store", "照片存放处（file）无法使用", "DUBAN_PHOTOS"),
    guard_dropped: ("guards", "防改触发器缺失的表：record", "duban log verify"),
    record_changed: ("chain", "流转记录被改动：案件 2026-000001 第 1 条", "duban log verify"),
    home_shut: ("home", "不能写入 /proc/duban", "DUBAN_HOME"),
    portal_away: ("portal", "门户在 http://127.0.0.1:1 不能用：连接不上", "DUBAN_PORTAL_URL"),
    portal_waits: ("portal", "ledger: the database cannot be used", "不必重启"),
    mailbox_away: ("mailbox", "", "DUBAN_IMAP_URL"),
    backups_gone: ("backup", "里没有备份", "duban db backup"),
    backup_old: ("backup", "最近的备份是", "duban db backup"),
    setting_wrong: ("settings", "设置 DUBAN_POOL 的值不行", "改正后再体检一次"),
}


@pytest.mark.parametrize("break_", BROKEN, ids=lambda break_: break_.__name__)
def test_what_is_broken_is_found_with_what_to_do(place: Place, break_: Break) -> None:
    name, found, todo = BROKEN[break_]
    break_(place)
    said = place.examined()
    wrong = findings(said, "wrong")
    assert said.status == 1
    assert name in wrong, said.out
    assert found in wrong[name]["found"]["zh"]
    assert todo in wrong[name]["todo"]["zh"]
    assert wrong[name]["found"]["en"]
    assert wrong[name]["todo"]["en"]
    assert said.json["state"] == "wrong"
    assert PASSWORD not in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_people_read_what_is_wrong_and_what_to_do_beneath(place: Place) -> None:
    rounds_away(place)
    told = place.duban("doctor")
    assert told.status == 1
    assert re.search(r"✗ 已有 17 分钟没有巡查到期案件（sweep）。\n    → 看 worker", told.out)
    place.patch.setenv("DUBAN_LANG", "en")
    assert "✗ Nobody has looked at what is due for 17 min (sweep)." in place.duban("doctor").out


# -- doubtful ----------------------------------------------------------------------------------


def next_year(place: Place) -> None:
    place.patch.setattr(doctor, "now", lambda: datetime(2026, 11, 22, tzinfo=UTC))
    heartbeats.beat(place.ledger, "sweep", datetime(2026, 11, 22, tzinfo=UTC), 2.0, {})


def other_prefect(place: Place) -> None:
    place.stand_in.answers["/api/admin/version"] = "3.0.0"


def without_reactions(place: Place) -> None:
    place.stand_in.answers["/api/task_workers/filter"] = []


def runs_late(place: Place) -> None:
    place.stand_in.answers["/api/flow_runs/count"] = 7


def outlet_failing(place: Place) -> None:
    row = {"digest": "d", "shown": "dingtalk://****", "filled_at": NOW, "answer": "310000 关键词",
           "failing_since": NOW - timedelta(hours=3), "per_minute": 0, "burst": 0, "tokens": 0.0,
           "failures": 5}  # fmt: skip
    with place.ledger.transaction() as connection:
        insert(connection, Outlet, [row])


def without_prefect(place: Place) -> None:
    place.patch.delenv("PREFECT_API_URL")


DOUBTFUL: dict[Break, tuple[str, str]] = {
    next_year: ("calendar", "2027 年的放假安排没有装载"),
    other_prefect: ("prefect", "Prefect 服务是 3.0.0"),
    without_reactions: ("reactions", "没有即时反应进程"),
    runs_late: ("late-runs", "有 7 次运行迟到"),
    outlet_failing: ("outlet", "dingtalk://**** 已 3 小时发不出去：310000 关键词"),
    without_prefect: ("prefect", "到点的事不会自己办"),
}


@pytest.mark.parametrize("break_", DOUBTFUL, ids=lambda break_: break_.__name__)
def test_what_works_and_wants_looking_at_is_no_failure(place: Place, break_: Break) -> None:
    name, found = DOUBTFUL[break_]
    break_(place)
    doubtful = findings(place.examined(), "warning")
    assert found in doubtful[name]["found"]["zh"]
    assert doubtful[name]["todo"]


# -- PostgreSQL, and what cannot be broken for a test --------------------------------------------


def test_a_server_that_would_lose_data_is_found_on_postgresql(
    place: Place, databases: Databases
) -> None:
    url = databases("postgresql", "city")
    place.patch.setenv("DUBAN_DATABASE_URL", url)
    said = place.examined()
    # The server of the tests saves its breath: fsync and full_page_writes are off.
    assert set(findings(said, "wrong")) == {"server-settings"}
    assert "fsync" in findings(said, "wrong")["server-settings"]["found"]["zh"]
    assert {"database", "connections", "clock", "guards", "chain"} <= set(findings(said, "ok"))


@pytest.mark.parametrize(
    ("facts", "states"),
    [
        ({"major": 13}, {"database": "wrong"}),
        ({"connections": 2}, {"connections": "wrong"}),
        ({"connections": 12}, {"connections": "warning"}),
        ({"idle_in_transaction": 900.0}, {"idle-in-transaction": "warning"}),
        ({"switched_off": ("autovacuum",)}, {"server-settings": "wrong"}),
    ],
)
def test_a_server_short_of_something_is_judged(
    facts: dict[str, Any], states: dict[str, str]
) -> None:
    well: dict[str, Any] = {"version": "17.2", "unguarded": (), "major": 17, "connections": 90}
    site = Site(Settings(pool=5, _env_file=None), NOW)  # type: ignore[call-arg]
    found = {each.name: each.state.value for each in database.judged(site, Server(**well | facts))}
    assert {name: state for name, state in found.items() if state != "ok"} == states


@pytest.mark.parametrize(
    ("skew", "state"), [(0.2, "ok"), (-9.0, "warning"), (31.0, "wrong"), (-31.0, "wrong")]
)
def test_clocks_that_differ_are_judged_both_ways(skew: float, state: str) -> None:
    assert database.clock(skew).state.value == state


@pytest.mark.parametrize(
    ("free", "state"), [(50, "ok"), (9, "warning"), (2.9, "wrong"), (0.9, "wrong")]
)
def test_a_disk_that_fills_is_said_in_time(free: float, state: str) -> None:
    [found] = house.room(Path("/data"), int(free * 1e9), int(100e9))
    assert found.state.value == state


def test_a_database_on_a_network_file_system_is_told_by_the_longest_mount() -> None:
    mounts = [("/", "ext4"), ("/data", "nfs4"), ("/database", "xfs"), ("/data", "cifs")]
    assert database.file_system(Path("/data/home/duban.db"), mounts) == "cifs"
    assert database.file_system(Path("/database/duban.db"), mounts) == "xfs"
    assert database.file_system(Path("/home/duban.db"), mounts) == "ext4"
    assert database.file_system(Path("/x"), []) == ""


# -- what it says is explained -----------------------------------------------------------------


def test_every_finding_has_its_place_in_the_operators_book() -> None:
    said = "".join(file.read_text("utf-8") for file in CHECKS.glob("*.py"))
    names = set(re.findall(r'\b(?:ok|warning|wrong)\)?\(\s*"([a-z-]+)"', said)) | {"settings"}
    book = DOCS.read_text("utf-8")
    assert len(names) > 25
    assert not sorted(name for name in names if f'<a id="doctor-{name}"></a>' not in book)
