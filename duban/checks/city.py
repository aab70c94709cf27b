"""The city: its calendar, its policies, and whether anybody would be reached."""

from collections.abc import Iterator
from datetime import timedelta

from duban.checks.finding import Finding, Group, Site, listed, ok, warning, wrong
from ledger.admin_overview import Overview, overview
from ledger.database import Ledger
from ledger.health import CALENDAR_ENDS
from ledger.reference import Reference, read
from models.person import DutyKind
from models.words import Trouble, Words

_CALENDAR = Words(
    "国务院放假通知发布后运行 duban load 日历.csv，在办案件会一并重算。",
    "Once the State Council's notice is published, run duban load CALENDAR.csv; open cases are "
    "reckoned anew.",
)
_PEOPLE = Words(
    "在门户“管理 → 人员”补上，或写进城市资料用 duban load 装载。",
    "Add them in the portal under Administration, People; or load them with the city's file.",
)


def city(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """Whether the reference data will do."""
    try:
        with ledger.snapshot() as connection:
            reference = read(connection)
    except Trouble as trouble:
        yield wrong(
            "policy",
            trouble.words,
            Words(
                "用 duban policy 办法.yaml 启用一份没有错误的办法；库中没有城市则运行 duban init。",
                "Activate a policy without errors with duban policy FILE.yaml; if the ledger "
                "holds no city, run duban init.",
            ),
        )
        return
    active = reference.book.policy
    yield ok(
        "policy",
        f"启用的督办办法是《{active.title}》，{len(reference.books)} 份都读得出。",
        f"The policy in force is {active.policy}; all {len(reference.books)} can be read.",
    )
    yield _calendar(site, reference)
    yield from _people(overview(ledger, reference, site.now))


def _calendar(site: Site, reference: Reference) -> Finding:
    days = (site.now, site.now + CALENDAR_ENDS / 2, site.now + CALENDAR_ENDS)
    needed = list(dict.fromkeys(day.astimezone(reference.zone).year for day in days))
    missing = [year for year in needed if year not in reference.published]
    if not missing:
        return ok(
            "calendar",
            f"今后 {_days(CALENDAR_ENDS)} 天的放假安排已装载。",
            f"The holidays of the next {_days(CALENDAR_ENDS)} days are loaded.",
        )
    years = "、".join(map(str, missing))
    said = Words(f"{years} 年的放假安排没有装载。", f"The holidays of {years} are not loaded.")
    return (wrong if missing[0] == needed[0] else warning)("calendar", said, _CALENDAR)


def _days(span: timedelta) -> int:
    return span.days


def _people(found: Overview) -> Iterator[Finding]:
    counts = found.counts
    if counts["people"] == 0:
        yield warning(
            "city",
            Words("名录里还没有人。", "There is nobody in the directory yet."),
            Words(
                "用 duban load 城市资料.yaml 装载单位、人员与路由（样例 deploy/demo/city.yaml）。",
                "Load units, people and routes with duban load CITY.yaml (see "
                "deploy/demo/city.yaml).",
            ),
        )
        return
    yield ok(
        "city",
        f"{counts['units']} 个单位、{counts['people']} 人、{counts['routes']} 条路由。",
        f"{counts['units']} units, {counts['people']} people, {counts['routes']} routes.",
    )
    nobody = _names(found, DutyKind.CONTACT) & _names(found, DutyKind.HEAD)
    if nobody:
        names = listed(sorted(nobody))
        yield warning(
            "units-without-people",
            Words(
                f"既无联络员也无负责人的单位：{names.zh}。",
                f"Units with neither contact nor head: {names.en}.",
            ),
            _PEOPLE,
        )
    if found.unreachable:
        names = listed([name for _, name in found.unreachable])
        yield warning(
            "people-without-channel",
            Words(
                f"有职责而没有渠道的人：{names.zh}。", f"With a duty and no channel: {names.en}."
            ),
            Words(
                "在门户“管理 → 人员”给他们加渠道，并点“测试”。",
                "Add a channel in the portal under Administration, People, and test it there.",
            ),
        )
    if found.unheld:
        duties = listed([duty.words.zh for duty in found.unheld])
        said = listed([duty.words.en for duty in found.unheld])
        yield warning(
            "duties-without-people",
            Words(
                f"办法要通知、全市却无人担任的职责：{duties.zh}。",
                f"Duties the policy writes to and nobody has: {said.en}.",
            ),
            _PEOPLE,
        )


def _names(found: Overview, duty: DutyKind) -> set[str]:
    return {name for _, name in found.without[duty]}


GROUP = Group(Words("城市资料", "City"), (), (city,))
