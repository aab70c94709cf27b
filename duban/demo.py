"""演示: a fortnight of the demo city, played on a movable clock by people with characters.

Papers come in, sweeps run, and between the sweeps inspectors hand in what they find, units sign,
put right, send back and ask for time, while the office rules and inspectors verify. Each morning
closed cases are drawn, and other inspectors look back. All chance comes from the seed: the same
ledger and the same seed give the same fortnight.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from importlib.resources import files
from random import Random
from typing import NamedTuple

from documents.store import Store
from duban import demo_evening
from duban.demo_album import Album
from duban.demo_places import Find
from ledger import desk, look_back, reference
from ledger.database import Ledger
from ledger.intake import Answer
from ledger.loading import CityFile, parse_city
from ledger.look_back import Waiting
from ledger.worklist import OpenCase, open_cases, unpublished
from models.case import Status
from models.person import DutyKind
from models.request import RequestKind
from models.unit import UnitKind
from models.verb import Verb
from models.words import Trouble
from rules.lifecycle import Moved, Refused
from rules.worktime import Worktime

FOLDER = files("deploy") / "demo"
INSPECTOR, SUPERVISOR = "Alice", "Carol"

# -- the city and its papers -------------------------------------------------------------------


def city() -> CityFile:
    """The demo city: areas, units, people with channels, routes."""
    return parse_city((FOLDER / "city.yaml").read_text("utf-8"), "city.yaml")


def papers() -> list[tuple[int, str, bytes]]:
    """The papers of the fortnight: the day each arrives (0 is the first), its name, its bytes."""
    found = sorted((FOLDER / "findings").iterdir(), key=lambda file: file.name)
    named = ((file.name.partition("-"), file.read_bytes()) for file in found)
    return [(int(day.removeprefix("day")), name, data) for (day, _, name), data in named]


# -- who they are ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Character:
    """How a unit is: the chance of each deed in one turn, three turns in a working day."""

    sign: float = 0.0
    back: float = 0.0
    """Sends back what it should sign for."""
    submit: float = 0.0
    hurried: float = 0.0
    """Submits, once less than `HURRY` is left."""
    late: float = 0.0
    """Submits, once overdue and spoken to."""
    extend: float = 0.0
    suspend: float = 0.0


PROMPT = Character(sign=0.9, submit=0.3, hurried=0.7, late=0.4)
STEADY = Character(sign=0.7, back=0.02, submit=0.15, hurried=0.45, late=0.2)
SLOW = Character(sign=0.35, submit=0.08, hurried=0.2, late=0.06)
SHIFTY = Character(sign=0.3, back=0.3, submit=0.15, hurried=0.4, late=0.15)
PLEADING = Character(sign=0.8, submit=0.1, hurried=0.45, late=0.2, extend=0.12, suspend=0.04)
SILENT = Character()

CHARACTERS: Mapping[str, Character] = {
    "dc-zhzf": PROMPT,
    "hwgs": PROMPT,
    "kjg": PROMPT,
    "swjt": PROMPT,
    "lanyue": PROMPT,
    "gjjt": PROMPT,
    "wjw": PROMPT,
    "shuyuan": PROMPT,
    "dc-wg": SLOW,
    "liutang": SLOW,
    "gongnong": SLOW,
    "scjg": SLOW,
    "csgl": SHIFTY,
    "dc-ga": SHIFTY,
    "xl-zj": SHIFTY,
    "zjj": PLEADING,
    "jtj": PLEADING,
    "songgang": SILENT,
    "beipo": SILENT,
    "jyyy": SILENT,
    "rqgs": SILENT,
}
"""By code of the unit; whoever is not listed is STEADY."""


@dataclass(frozen=True, slots=True)
class Office:
    """How the office and its inspectors are: chances in one turn, and how they decide."""

    settle: float = 0.4
    meet: float = 0.04
    """Settles where no area tells whose it is: that takes a meeting."""
    cancel: float = 0.02
    merge: float = 0.3
    """Of cases at the place of another open one."""
    rule: float = 0.3
    uphold: float = 0.6
    decide: float = 0.5
    grant: float = 0.75
    verify: float = 0.4
    fail: float = 0.15
    hesitate: float = 0.08
    """Verifies, where a picture is in doubt; `caught` is the chance that it fails then."""
    caught: float = 0.6
    publish: float = 0.12
    look_back: float = 0.15
    relapse: float = 0.25
    """Of the look-backs: what is found to be back."""


OFFICE = Office()
HURRY = timedelta(hours=5)

WRONG_UNIT = ("点位不在本单位管理范围", "该设施权属不在本单位", "职责已随机构改革划出")
NOT_SO = ("职责清单列明由你单位负责", "属地管理，不得推诿")
PUT_RIGHT = (
    "已安排人员到场整改，现场恢复正常",
    "已更换补齐，并落实专人巡查",
    "已清理完毕并作宣传劝导",
)
BACK_AGAIN = ("原处再次出现", "反复回潮，无人值守")
STILL_THERE = ("现场问题仍在", "整改不彻底，留有残余", "只遮挡未修复")
NEEDS_TIME = ("配件须外地调货", "施工须先报批占道手续", "须与产权单位协商")
NEEDS_SEASON = ("须待补种季节", "列入年度改造计划，暂无施工条件")
SUSPENDED_FOR = (4, 6, 45)
"""Days a suspension is asked for: some end within the fortnight."""


# -- what they do ------------------------------------------------------------------------------


class Deed(NamedTuple):
    """What somebody is about to do; `carry_out` does it as of an instant."""

    verb: Verb
    carry_out: Callable[[datetime], Moved | Refused | Answer]


@dataclass(frozen=True, slots=True)
class Turn:
    """One case in one turn: the dice, and what those who decide about it know."""

    ledger: Ledger
    case: OpenCase
    at: datetime
    dice: Random
    people: "People"

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens now."""
        return self.dice.random() < chance

    @property
    def character(self) -> Character:
        """How the leading unit is."""
        return CHARACTERS.get(self.case.unit, STEADY)

    @property
    def actor(self) -> str:
        """Who acts for the leading unit."""
        return self.people.actors.get(self.case.unit, self.case.unit_name)

    def by_unit(self, verb: Verb, act: Callable[..., Moved | Refused], *said: object) -> Deed:
        """A deed of the leading unit."""
        act = partial(act, self.ledger, self.case.number, *said)
        return Deed(verb, lambda at: act(at=at, actor=self.actor))


@dataclass(frozen=True, slots=True)
class People:
    """Who acts for a unit, whose an area is, which open cases share a place, and the cameras."""

    actors: Mapping[str, str]
    """Unit code → name."""
    homes: Mapping[str, str]
    """Area code → name of the territorial unit that answers for it, or for what is above."""
    places: Mapping[str, Sequence[str]]
    """Place → numbers of the open cases there."""
    album: Album


def _sign(turn: Turn) -> Deed | None:
    if turn.happens(turn.character.back):
        return turn.by_unit(Verb.SEND_BACK, desk.send_back, turn.dice.choice(WRONG_UNIT))
    if turn.happens(turn.character.sign):
        return turn.by_unit(Verb.ACKNOWLEDGE, desk.acknowledge)
    return None


def _work(turn: Turn) -> Deed | None:
    if turn.case.asked:
        return _decide(turn)
    if deed := _ask(turn):
        return deed
    if turn.happens(_readiness(turn)):
        return _submit(turn)
    return None


def _submit(turn: Turn) -> Deed:
    said, album = turn.dice.choice(PUT_RIGHT), turn.people.album
    taken = album.by_unit(turn.case, turn.at, turn.actor)
    return Deed(
        Verb.SUBMIT,
        lambda at: desk.submit(
            turn.ledger, turn.case.number, said, at, turn.actor, shown=album.show(taken, at)
        ),
    )


def _readiness(turn: Turn) -> float:
    due, character = turn.case.due_at, turn.character
    if due is None or turn.at < due - HURRY:
        return character.submit
    return character.hurried if turn.at < due else character.late


def _ask(turn: Turn) -> Deed | None:
    case, at = turn.case, turn.at
    if case.due_at is None or at >= case.due_at:
        return None
    if turn.happens(turn.character.extend) and case.extensions == 0:
        reason = turn.dice.choice(NEEDS_TIME)
        return turn.by_unit(Verb.REQUEST_EXTENSION, desk.ask, RequestKind.EXTENSION, reason)
    if turn.happens(turn.character.suspend) and case.suspensions == 0:
        until = at + timedelta(days=turn.dice.choice(SUSPENDED_FOR))
        reason = turn.dice.choice(NEEDS_SEASON)
        ask = partial(desk.ask, until=until)
        return turn.by_unit(Verb.REQUEST_SUSPENSION, ask, RequestKind.SUSPENSION, reason)
    return None


def _decide(turn: Turn) -> Deed | None:
    if not turn.happens(OFFICE.decide):
        return None
    granted = turn.happens(OFFICE.grant)
    verb = _GRANTS[turn.case.asked] if granted and turn.case.asked else Verb.REFUSE_REQUEST
    reason = "" if granted else "条件具备，请按原时限完成"
    return Deed(
        verb,
        lambda at: desk.decide(
            turn.ledger, turn.case.number, at, SUPERVISOR, granted=granted, reason=reason
        ),
    )


_GRANTS = {RequestKind.EXTENSION: Verb.EXTEND, RequestKind.SUSPENSION: Verb.SUSPEND}


def _rule(turn: Turn) -> Deed | None:
    if not turn.happens(OFFICE.rule):
        return None
    home = turn.people.homes.get(turn.case.area, "")
    upheld = home not in ("", turn.case.unit_name) and turn.happens(OFFICE.uphold)
    reason = "属地负责" if upheld else turn.dice.choice(NOT_SO)
    return Deed(
        Verb.UPHOLD_RETURN if upheld else Verb.REFUSE_RETURN,
        lambda at: desk.rule_on_return(
            turn.ledger,
            turn.case.number,
            at,
            SUPERVISOR,
            upheld=upheld,
            units=[home] if upheld else [],
            reason=reason,
        ),
    )


def _settle(turn: Turn) -> Deed | None:
    ledger, number = turn.ledger, turn.case.number
    if turn.happens(OFFICE.cancel):
        why = "现场查无此点位"
        return Deed(Verb.CANCEL, lambda at: desk.cancel(ledger, number, why, at, SUPERVISOR))
    others = [one for one in turn.people.places[turn.case.place] if one < number]
    if others and turn.happens(OFFICE.merge):
        into = others[0]
        return Deed(Verb.MERGE, lambda at: desk.merge(ledger, number, into, at, SUPERVISOR))
    home = turn.people.homes.get(turn.case.area)
    if not turn.happens(OFFICE.settle if home else OFFICE.meet):
        return None
    unit = home or turn.dice.choice(_TAKERS)
    return Deed(Verb.DISPATCH, lambda at: desk.dispatch(ledger, number, [unit], at, SUPERVISOR))


_TAKERS = ("东澄区综合行政执法局", "西岚区综合行政执法局", "市环卫公司")
"""Who gets what nobody wants and no area settles."""


def _check(turn: Turn) -> Deed | None:
    album = turn.people.album
    doubtful = turn.case.number in album.tried
    if not turn.happens(OFFICE.hesitate if doubtful else OFFICE.verify):
        return None
    failed = turn.happens(OFFICE.caught if doubtful else OFFICE.fail)
    reason = turn.dice.choice(STILL_THERE) if failed else ""
    taken = album.on_site(turn.case, turn.at, INSPECTOR, right=not failed)
    return Deed(
        Verb.VERIFY_FAIL if failed else Verb.VERIFY_PASS,
        lambda at: desk.verify(
            turn.ledger, turn.case.number, at, INSPECTOR, passed=not failed, reason=reason,
            shown=album.show(taken, at),
        ),
    )  # fmt: skip


def _publish(turn: Turn) -> Deed | None:
    if not turn.happens(OFFICE.publish):
        return None
    return Deed(
        Verb.PUBLISH, lambda at: desk.publish(turn.ledger, turn.case.number, at, SUPERVISOR)
    )


def _look_back(
    ledger: Ledger, look: Waiting, when: datetime, dice: Random, album: Album
) -> Deed | None:
    if not look.inspector or dice.random() >= OFFICE.look_back:
        return None
    back = dice.random() < OFFICE.relapse
    reason = dice.choice(BACK_AGAIN) if back else ""
    taken = album.again(look.case, when, look.inspector, right=not back)
    return Deed(
        Verb.LOOK_BACK_FAIL if back else Verb.LOOK_BACK_PASS,
        lambda at: desk.look_back(
            ledger, look.case, at, look.inspector, passed=not back, reason=reason,
            shown=album.show(taken, at),
        ),
    )  # fmt: skip


DEEDS: Mapping[Status, Callable[[Turn], Deed | None]] = {
    Status.UNDECIDED: _settle,
    Status.DISPATCHED: _sign,
    Status.IN_PROGRESS: _work,
    Status.REWORK: _work,
    Status.RETURNED: _rule,
    Status.SUBMITTED: _check,
    Status.CLOSED: _publish,
}
"""What may happen next to a case that stands so. Elsewhere it only waits."""


# -- when --------------------------------------------------------------------------------------


class Hour(NamedTuple):
    """One line of a day's plan."""

    at: time
    what: str
    """What comes: "draw", "sweep", "papers", or "people", who act until `until`."""
    until: time | None = None


WORKING_DAY = (
    Hour(time(6, 30), "draw"),
    Hour(time(8, 30), "sweep"),
    Hour(time(9, 30), "papers"),
    Hour(time(9, 30), "people", time(11, 30)),
    Hour(time(11, 30), "sweep"),
    Hour(time(14), "people", time(15)),
    Hour(time(15), "sweep"),
    Hour(time(15), "people", time(18)),
    Hour(time(18), "sweep"),
    Hour(time(21), "sweep"),
)
"""People act in working hours, and never across a sweep."""

MINUTE = timedelta(minutes=1)

CLOSED_DAY = (Hour(time(6, 30), "draw"), Hour(time(12), "sweep"))

Sweep = Callable[[datetime], None]
Take = Callable[[str, bytes, datetime], None]
Told = Callable[[str, datetime], None]


def play(
    ledger: Ledger,
    start: datetime,
    sweep: Sweep,
    take: Take,
    seed: int = 20260924,
    days: int = 14,
    told: Told = lambda _sentence, _at: None,
    store: Store | None = None,
) -> None:
    """Play the `days` from `start` on: papers through `take`, looks through `sweep`.

    With a `store` inspectors hand in findings by the portal, too, and pictures are taken.
    Instants come in order of time, all of them in [start, start + days). A paper whose day is
    closed comes on the next working day, or not at all when the play is over by then. What comes
    in the last two minutes in which people act is left on the desks. `told` hears of each paper,
    and after each turn what people did.
    """
    with ledger.transaction() as connection:
        hours = reference.read(connection).worktime
    town, arrivals = city(), _arrivals(start, hours)
    with ThreadPoolExecutor(2) as darkroom:
        areas = {area.code: area.name for area in town.areas}
        album = Album(ledger, store, seed, areas, darkroom)
        outings, plan = _outings(start, hours, album), list(_plan(start, days, hours))
        last = max((at for at, hour in plan if hour.what == "people"), default=None)
        for at, hour in plan:
            if hour.what == "sweep":
                sweep(at)
            elif hour.what == "draw":
                _draw(ledger, at, told)
            elif hour.what == "papers":
                _hand_in(arrivals.get(at, ()), at, take, told)
            else:
                end = _on(at, hour.until, hours)
                found = [one for one in outings if at <= one[0] < end]
                _act(ledger, town, seed, at, end, told, album, found)
                if at == last:
                    _hand_in([demo_evening.paper()], end - 2 * MINUTE, take, told)
                    demo_evening.leave(ledger, _actors(town), end - MINUTE)


def _plan(start: datetime, days: int, hours: Worktime) -> Iterator[tuple[datetime, Hour]]:
    first, end = start.astimezone(hours.zone), start + timedelta(days=days)
    for n in range(days + 1):
        day = first.date() + timedelta(days=n)
        for hour in WORKING_DAY if hours.is_workday(day) else CLOSED_DAY:
            at = datetime.combine(day, hour.at, hours.zone)
            if start <= at < end and _on(at, hour.until, hours) <= end:
                yield at, hour


def _on(at: datetime, clock: time | None, hours: Worktime) -> datetime:
    return datetime.combine(at.date(), clock or at.time(), hours.zone)


def _arrivals(start: datetime, hours: Worktime) -> dict[datetime, list[tuple[str, bytes]]]:
    """Which papers come at which instant."""
    hand_in = next(hour.at for hour in WORKING_DAY if hour.what == "papers")
    found: dict[datetime, list[tuple[str, bytes]]] = defaultdict(list)
    for n, name, data in papers():
        found[_comes(n, hand_in, start, hours)].append((name, data))
    return found


def _outings(start: datetime, hours: Worktime, album: Album) -> list[tuple[datetime, Find]]:
    """Which findings inspectors hand in at which instant."""
    return [(_comes(find.day, find.clock, start, hours), find) for find in album.finds()]


def _comes(n: int, clock: time, start: datetime, hours: Worktime) -> datetime:
    """When comes what is meant for the nth day: on that day, or the next that is open."""
    day = start.astimezone(hours.zone).date() + timedelta(days=n)
    while not hours.is_workday(day) or datetime.combine(day, clock, hours.zone) < start:
        day += timedelta(days=1)
    return datetime.combine(day, clock, hours.zone)


def _hand_in(arrived: Sequence[tuple[str, bytes]], at: datetime, take: Take, told: Told) -> None:
    for name, data in arrived:
        take(name, data, at)
        told(f"收到 received: {name}", at)


def _draw(ledger: Ledger, at: datetime, told: Told) -> None:
    if drawn := look_back.draw(ledger, at).cases:
        told(f"抽中回头看 drawn {len(drawn)}", at)


def _act(
    ledger: Ledger, town: CityFile, seed: int, start: datetime, end: datetime, told: Told,
    album: Album, found: Sequence[tuple[datetime, Find]],
) -> None:  # fmt: skip
    """One turn: everybody who acts between two sweeps, in order of time."""
    waiting = [*open_cases(ledger), *unpublished(ledger)]
    people = _people(town, waiting, album)
    planned = [(at, "", _report(find, at, album)) for at, find in found]
    for case in waiting:
        dice = Random(f"{seed} {case.number} {start.isoformat()}")
        turn = Turn(ledger, case, _when(start, end, dice), dice, people)
        if deed := DEEDS.get(case.status, _wait)(turn):
            planned.append((turn.at, case.number, deed))
    for look in look_back.waiting(ledger):
        dice = Random(f"{seed} look back {look.case} {start.isoformat()}")
        at = _when(start, end, dice)
        if deed := _look_back(ledger, look, at, dice, album):
            planned.append((at, look.case, deed))
    planned.sort(key=lambda one: one[:2])
    done = Counter(deed.verb for at, _, deed in planned if _carried_out(deed, at))
    if done:
        told(" · ".join(f"{v.words.zh} {v.words.en} {n}" for v, n in done.most_common()), end)


def _report(find: Find, at: datetime, album: Album) -> Deed:
    return Deed(Verb.REPORT, partial(album.hand_in, find, album.before(find, at)))


def _when(start: datetime, end: datetime, dice: Random) -> datetime:
    return (start + (end - start) * dice.uniform(0.02, 0.98)).replace(microsecond=0)


def _wait(_: Turn) -> None:
    return None


def _carried_out(deed: Deed, at: datetime) -> bool:
    """Do it. What the desk refuses is left alone: people shrug and go on."""
    try:
        return not isinstance(deed.carry_out(at), Refused)
    except Trouble:
        return False


def _people(town: CityFile, waiting: Sequence[OpenCase], album: Album) -> People:
    places: dict[str, list[str]] = defaultdict(list)
    for case in waiting:
        if case.status is not Status.CLOSED:
            places[case.place].append(case.number)
    return People(_actors(town), _homes(town), places, album)


def _actors(town: CityFile) -> dict[str, str]:
    """The contact of each unit, or its head where there is none."""
    duties = [(one, duty) for one in town.people for duty in one.duties]
    heads = {duty.unit: one.name for one, duty in duties if duty.duty is DutyKind.HEAD}
    contacts = {duty.unit: one.name for one, duty in duties if duty.duty is DutyKind.CONTACT}
    return heads | contacts


def _homes(town: CityFile) -> dict[str, str]:
    """The territorial unit of each area, or of the nearest area above that has one."""
    own = {u.area: u.name for u in town.units if u.kind is UnitKind.TERRITORY and u.area}
    parents = {area.code: area.parent for area in town.areas}
    homes = {}
    for code in parents:
        above: str | None = code
        while above is not None and above not in own:
            above = parents[above]
        if above is not None:
            homes[code] = own[above]
    return homes
