"""Setting up: the database, reference data, the demo city, policies."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from duban.session import now
from duban.settings import Settings
from ledger import loading
from ledger.database import Ledger, connect, mask, migrate
from ledger.reference import has_city
from ledger.sweeps import reconsider
from models.words import Trouble
from rules import policy as policies

DEMO_CITY = loading.SHIPPED / "demo" / "city.yaml"
BARE_CITY = "city:\n  name: 本市\nunits:\n  - {code: office, name: 市创城办, kind: office}\n"


def make_home(home: Path) -> None:
    """The folder for what a user keeps, with the inbox in it. Raises Trouble if it cannot be."""
    try:
        (home / "inbox").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(
            f"不能在 {home} 建立文件夹：{error.strerror}。请用 DUBAN_HOME 指定一个可写的文件夹。",
            f"Cannot make the folder {home}: {error.strerror}. Name a folder that can be "
            "written with DUBAN_HOME.",
        ) from None


def set_up(settings: Settings, *, demo: bool) -> Iterator[str]:
    """Create or upgrade the database and load what comes with the program; tells what it did."""
    url = settings.database()
    make_home(settings.home)
    migrate(url)
    ledger = connect(url)
    at = now()
    yield f"数据库 database: {mask(url)}"
    with ledger.transaction() as connection:
        fresh = not has_city(connection)
        if fresh:
            loading.load_shipped(connection, at)
            yield "已装载日历 2019–2026、立案标准、两份督办办法 · calendar, catalogue, policies"
        if demo:
            text = DEMO_CITY.read_text("utf-8")
            loading.load_city(connection, loading.parse_city(text, "city.yaml"))
            yield "已装载示范城市 · the demo city"
        elif fresh:
            loading.load_city(connection, loading.parse_city(BARE_CITY, "city.yaml"))
            yield (
                "名录里只有“市创城办”。用 duban load 城市资料.yaml 装载单位、人员与路由"
                "（样例 deploy/demo/city.yaml）· load your units, people and routes next"
            )
    if not fresh and not demo:
        yield "数据库已是最新，资料未动 · up to date, nothing changed"
    if demo:
        yield from _lay_out_papers(settings)


def _lay_out_papers(settings: Settings) -> Iterator[str]:
    from duban.demo import papers

    folder = settings.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for _, name, data in papers():
        (folder / name).write_bytes(data)
    yield f"示范台账与通报在 {folder}，可用 duban import 导入 · papers to import lie there"


def load_file(ledger: Ledger, file: Path, at: datetime) -> Iterator[str]:
    """Load a city (.yaml), a calendar or a catalogue (.csv, told apart by its columns)."""
    text = _text(file)
    with ledger.transaction() as connection:
        if file.suffix in (".yaml", ".yml"):
            city = loading.parse_city(text, file.name)
            _check_channels(city, file.name)
            loading.load_city(connection, city)
            yield (
                f"已装载城市资料：{len(city.units)} 个单位、{len(city.people)} 人、"
                f"{len(city.routes)} 条路由 · city loaded"
            )
        elif "workday" in text.partition("\n")[0]:
            years = loading.load_calendar(connection, text)
            yield f"已装载日历 {'、'.join(map(str, years))} · calendar loaded"
        else:
            count = loading.load_catalogue(connection, text)
            yield f"已装载立案标准 {count} 条 · {count} categories loaded"
    counts = reconsider(ledger, at)
    if counts["dispatched"]:
        yield f"待定责案件中 {counts['dispatched']} 件已能交办 · {counts['dispatched']} dispatched"


def _check_channels(city: loading.CityFile, file: str) -> None:
    """Every address must be one a message can be sent to, before anybody relies on it."""
    from notices.channels import ChannelTrouble, check  # brings Apprise, which takes a second

    for person in city.people:
        for url in person.channels:
            try:
                check(url)
            except ChannelTrouble as trouble:
                raise Trouble(
                    f"{file}，{person.name}（{person.code}）：{trouble.words.zh}",
                    f"{file}, {person.name} ({person.code}): {trouble.words.en}",
                ) from None


def use_policy(ledger: Ledger | None, file: Path, at: datetime) -> str:
    """Check a policy; with a ledger, make it the one for cases dispatched from now on."""
    source = policies.Source(file.name, _text(file))
    policy = policies.parse(source, loading.shipped_policy)
    if ledger is None:
        return f"{policy.title}（{policy.policy}）没有错误 · no errors"
    with ledger.transaction() as connection:
        loading.load_policy(connection, source, at)
    return f"{policy.title} 已启用，此后立案的案件适用 · active for cases filed from now on"


def list_policies(ledger: Ledger) -> Sequence[tuple[str, bool, datetime]]:
    """Every version: its name, whether it is active, when it was loaded."""
    with ledger.transaction() as connection:
        rows = loading.policies_in(connection)
    return [(row.name, row.active, row.loaded_at) for row in rows]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "不是 UTF-8 · not UTF-8"
        raise Trouble(f"读不了文件 {file}：{cause}", f"Cannot read {file}: {cause}") from None
