"""Setting up: the database, reference data, the demo city, policies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from duban.session import now
from duban.settings import Settings
from ledger import loading
from ledger.database import Ledger, connect, mask, migrate
from ledger.recompute import Retimed, load_and_recompute, preview, recompute
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
    from duban.accounts import first_accounts  # which itself needs this module
    from tasks.keys import signing_key  # brings the cryptography

    url = settings.database()
    make_home(settings.home)
    signing_key(settings.home)
    upgraded = migrate(url)
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
            recompute(connection, at, "装载示范城市")
            yield "已装载示范城市 · the demo city"
        elif fresh:
            loading.load_city(connection, loading.parse_city(BARE_CITY, "city.yaml"))
            yield (
                "名录里只有“市创城办”。用 duban load 城市资料.yaml 装载单位、人员与路由"
                "（样例 deploy/demo/city.yaml）· load your units, people and routes next"
            )
    if upgraded:
        yield "数据库已升级到本版，案件、办法和名录都在 · upgraded to this version, all kept"
    elif not fresh and not demo:
        yield "数据库已是最新，资料未动 · up to date, nothing changed"
    if demo:
        yield from _lay_out_papers(settings)
    yield from first_accounts(ledger, at, demo=demo)


def _lay_out_papers(settings: Settings) -> Iterator[str]:
    from duban.demo import papers

    folder = settings.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for _, name, data in papers():
        (folder / name).write_bytes(data)
    yield f"示范台账与通报在 {folder}，可用 duban import 导入 · papers to import lie there"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded, in words, and what that did to the cases."""

    words: str
    cause: str
    """What the records of the touched cases say."""
    touched: list[Retimed]
    dispatched: int = 0
    """Undecided cases that could be dispatched now."""


Load = Callable[[Any], str]
"""Loads over a connection; gives in words what was loaded."""


def load_file(
    ledger: Ledger,
    file: Path,
    at: datetime,
    *,
    dry_run: bool = False,
    told: Callable[[int, int], object] | None = None,
) -> Loaded:
    """Load a city (.yaml), a calendar or a catalogue (.csv, told apart by its columns).

    The cases concerned are recomputed with it. With `dry_run` all is judged and undone.
    """
    cause, load = _loader(file)
    carry_out = preview if dry_run else load_and_recompute
    words, touched = carry_out(ledger, load, at, cause, told=told)
    dispatched = 0 if dry_run else reconsider(ledger, at)["dispatched"]
    return Loaded(words, cause, touched, dispatched)


def _loader(file: Path) -> tuple[str, Load]:
    """What loads the file, and the cause it is for cases to be recomputed."""
    text = _text(file)
    if file.suffix in (".yaml", ".yml"):
        city = loading.parse_city(text, file.name)
        _check_channels(city, file.name)
        return f"装载城市资料 {file.name}", partial(_load_city, city)
    if "workday" in text.partition("\n")[0]:
        return f"装载日历 {file.name}", partial(_load_calendar, text)
    return f"装载立案标准 {file.name}", partial(_load_catalogue, text)


def _load_city(city: loading.CityFile, connection: Any) -> str:
    from tasks.surroundings import vault
    from tasks.ways import way_of

    loading.load_city(connection, city, partial(way_of, vault=vault()))
    return (
        f"已装载城市资料：{len(city.units)} 个单位、{len(city.people)} 人、"
        f"{len(city.routes)} 条路由 · city loaded"
    )


def _load_calendar(text: str, connection: Any) -> str:
    years = loading.load_calendar(connection, text)
    return f"已装载日历 {'、'.join(map(str, years))} · calendar loaded"


def _load_catalogue(text: str, connection: Any) -> str:
    count = loading.load_catalogue(connection, text)
    return f"已装载立案标准 {count} 条 · {count} categories loaded"


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


def check_policy(file: Path) -> str:
    """Check a policy and use it for nothing. Raises PolicyTrouble."""
    policy = policies.parse(policies.Source(file.name, _text(file)), loading.shipped_policy)
    return f"{policy.title}（{policy.policy}）没有错误 · no errors"


def use_policy(
    ledger: Ledger,
    file: Path,
    at: datetime,
    *,
    reapply: bool = False,
    dry_run: bool = False,
    told: Callable[[int, int], object] | None = None,
) -> Loaded:
    """Make a policy the one for cases from now on; with `reapply` for all that are open, too.

    Without `reapply` open cases keep the version they have. With `dry_run` all is undone.
    """
    source = policies.Source(file.name, _text(file))
    title = policies.parse(source, loading.shipped_policy).title
    cause = f"重新适用《{title}》"
    load = partial(_load_policy, source, at, reapply)
    if reapply:
        carry_out = preview if dry_run else load_and_recompute
        return _loaded(cause, carry_out(ledger, load, at, cause, reapply=True, told=told))
    if dry_run:
        return Loaded(f"{title} 没有错误，在办案件不受影响 · no errors", cause, [])
    with ledger.transaction() as connection:
        return Loaded(load(connection), cause, [])


def _loaded(cause: str, done: tuple[str, list[Retimed]]) -> Loaded:
    return Loaded(done[0], cause, done[1])


def _load_policy(source: policies.Source, at: datetime, reapply: bool, connection: Any) -> str:
    title = loading.load_policy(connection, source, at).title
    if reapply:
        return f"{title} 已启用，在办案件改按此办法 · active, for open cases too"
    return (
        f"{title} 已启用，此后立案的案件适用；在办案件仍按原办法，加 --reapply 则重新适用 · "
        "active for cases filed from now on"
    )


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
