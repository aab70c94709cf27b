"""演示照片册: who takes pictures in the demo, and which of them a verifier should doubt.

Inspectors hand in findings by the portal's way; units show what they did, inspectors what they
found. Now and then a unit tries something, so that verifiers have something to see. All
pictures go the way of an upload: checked, kept loose, then handed in with a verb.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property, partial
from itertools import cycle
from random import Random
from typing import NamedTuple

from documents.pictures import Picture, check
from documents.store import Store, path_of
from duban import demo_places
from duban.demo_pictures import Position, Shot, can_show, draw, jpeg
from duban.demo_places import Find, moved, position
from ledger import photos, reference
from ledger.database import Ledger
from ledger.desk.matter import Shown
from ledger.hand_in import hand_in
from ledger.intake import Answer
from ledger.worklist import OpenCase
from models.account import AccountRole
from models.finding import Draft
from rules.permission import Grant, Viewer

SHOWS = 0.85
"""The chance that a unit shows what it did, where a picture can show it."""
LOOKS = 0.4
"""The chance that whoever goes there to check takes a picture."""
DOUBTFUL = 6
"""Of so many pictures of units one is not what it seems."""
LONG_BEFORE = timedelta(days=30)
FAR_AWAY = 2000
"""Metres."""
SHAKY = 12
"""Metres by which a phone is wrong about where it is (standard deviation)."""


# -- what units try ----------------------------------------------------------------------------


class Trick(StrEnum):
    """Why a picture that a unit shows proves nothing."""

    ELSEWHERE = "elsewhere"
    """It was taken two kilometres away."""
    REUSED = "reused"
    """It was shown for another case."""
    EARLY = "early"
    """It was taken before the problem was found."""
    STRIPPED = "stripped"
    """A messenger took out when and where."""


class Taken(NamedTuple):
    """A file as the phone has it."""

    data: bytes
    name: str


Click = Callable[[], Taken]
"""Takes a picture: every time the same file."""


class Site(NamedTuple):
    """What is photographed for a case, and where; `known` when the ledger knows where it is."""

    place: str
    problem: str
    at: Position
    known: bool = False


@dataclass(frozen=True, slots=True)
class Negative:
    """A picture that somebody has taken and not uploaded yet."""

    person_id: int
    picture: Future[Picture]


@dataclass
class Album:
    """Everybody's camera. Without a store nobody has one, and nothing is handed in.

    Pictures are taken when a turn is planned and handed in when it is played: two at a time they
    are developed meanwhile.
    """

    ledger: Ledger
    store: Store | None
    seed: int
    areas: Mapping[str, str]
    """Area code → name."""
    darkroom: Executor
    sites: dict[str, Site] = field(default_factory=dict)
    shown: dict[str, tuple[str, Click]] = field(default_factory=dict)
    """Unit → the case for which it showed a picture last, and that picture."""
    tricks: Iterator[Trick] = field(default_factory=lambda: cycle(Trick))
    due: list[Trick] = field(default_factory=list)
    """Tricks that wait for a case on which they can be tried."""
    tried: set[str] = field(default_factory=set)
    """Cases for which the last picture of the unit is not what it seems."""
    many: int = 0

    # -- taking them, as a turn is planned -----------------------------------------------------

    def finds(self) -> list[Find]:
        """What inspectors will hand in."""
        return demo_places.finds() if self.store else []

    def before(self, find: Find, at: datetime) -> list[Negative]:
        """The pictures of a finding: first of the whole, then from near by."""
        person = self._reference.directory.codes[find.inspector]
        site = Site(find.place, find.problem, position(find.area, find.place))
        return [self._found(site, n, person, at) for n in range(find.photos)]

    def _found(self, site: Site, nth: int, person: int, at: datetime) -> Negative:
        shot = Shot(site.place, site.problem, right=False, salt=f"{at} {nth}", close=nth > 0)
        return self._negative(person, shot, site.at, at - timedelta(seconds=150 - nth * 40))

    def by_unit(self, case: OpenCase, at: datetime, actor: str) -> Negative | None:
        """What the leading unit shows with its submission."""
        person, dice = self._person(actor), self._dice("submit", case.number, at)
        if person is None or not can_show(case.problem) or dice.random() >= SHOWS:
            return None
        site = self._site(case)
        trick = self._trick(case, site)
        (self.tried.add if trick else self.tried.discard)(case.number)
        click = self._submitted(trick, case, site, at, dice)
        self.shown[case.unit] = case.number, click
        return self._develop(person, click)

    def on_site(self, case: OpenCase, at: datetime, actor: str, *, right: bool) -> Negative | None:
        """What a verifier shows of what was found on site."""
        return self._checked(self._site(case), at, actor, right=right)

    def again(self, number: str, at: datetime, actor: str, *, right: bool) -> Negative | None:
        """What an inspector shows who looks back at a case that was photographed before."""
        site = self.sites.get(number)
        return self._checked(site, at, actor, right=right) if site else None

    # -- handing them in, as it is played ------------------------------------------------------

    def hand_in(self, find: Find, pictures: Sequence[Negative], at: datetime) -> Answer:
        """An inspector hands in a finding, standing before it."""
        known, here = self._reference, position(find.area, find.place)
        person = known.directory.codes[find.inspector]
        draft = Draft(
            "", find.place, find.problem, self.areas[find.area], find.category,
            found_on=at.astimezone(known.zone).date(), lat=here[0], lon=here[1],
            photos=tuple(self._keep(one, at) for one in pictures),
        )  # fmt: skip
        name = known.directory.people[person]
        viewer = Viewer(person, name, grants=(Grant(AccountRole.INSPECTOR),))
        answer = hand_in(self.ledger, viewer, draft, f"demo {at.isoformat()} {find.place}", at)
        if answer.case:
            site = Site(find.place, find.problem, here, known=True)
            self.sites.setdefault(answer.case, site)
        return answer

    def show(self, negative: Negative | None, at: datetime) -> Shown | None:
        """What goes with a verb, if somebody took a picture for it."""
        if negative is None:
            return None
        return Shown((self._keep(negative, at),), negative.person_id)

    def _keep(self, negative: Negative, at: datetime) -> int:
        """Upload a picture; gives its id."""
        assert self.store  # without one nobody gets as far as taking a picture
        picture = negative.picture.result()
        path = path_of(picture.digest)
        kept = photos.keep(self.ledger, negative.person_id, picture, picture.name, path, at)
        self.store.keep(picture)
        return kept

    # -- what is on them -----------------------------------------------------------------------

    def _checked(self, site: Site, at: datetime, actor: str, *, right: bool) -> Negative | None:
        person, dice = self._person(actor), self._dice("check", site.place + site.problem, at)
        if person is None or not can_show(site.problem) or dice.random() >= LOOKS:
            return None
        shot = Shot(site.place, site.problem, right=right, salt=at.isoformat())
        return self._negative(person, shot, site.at, at - timedelta(minutes=dice.randint(2, 6)))

    def _submitted(
        self, trick: Trick | None, case: OpenCase, site: Site, at: datetime, dice: Random
    ) -> Click:
        if trick is Trick.REUSED:
            return self.shown[case.unit][1]
        shot = Shot(site.place, site.problem, right=True, salt=at.isoformat())
        if trick is Trick.STRIPPED:
            return partial(_forwarded, shot, at)
        worked = min(timedelta(minutes=dice.randint(5, 40)), (at - case.since) * 0.8)
        taken_at = at - (LONG_BEFORE if trick is Trick.EARLY else worked)
        here = moved(site.at, FAR_AWAY, 0) if trick is Trick.ELSEWHERE else site.at
        return self._click(shot, here, taken_at)

    def _trick(self, case: OpenCase, site: Site) -> Trick | None:
        """What the unit tries this time, mostly nothing: each trick has its turn."""
        self.many += 1
        if self.many % DOUBTFUL == 0:
            self.due.append(next(self.tricks))
        trick = next((one for one in self.due if self._possible(one, case, site)), None)
        if trick:
            self.due.remove(trick)
        return trick

    def _possible(self, trick: Trick, case: OpenCase, site: Site) -> bool:
        if trick is Trick.REUSED:
            return self.shown.get(case.unit, (case.number,))[0] != case.number
        return trick is not Trick.ELSEWHERE or site.known

    # -- the camera ----------------------------------------------------------------------------

    def _negative(self, person: int, shot: Shot, here: Position, taken_at: datetime) -> Negative:
        return self._develop(person, self._click(shot, here, taken_at))

    def _click(self, shot: Shot, here: Position, taken_at: datetime) -> Click:
        shaky = self._dice("gps", shot.place, taken_at)
        where = moved(here, shaky.gauss(0, SHAKY), shaky.gauss(0, SHAKY))
        local = taken_at.astimezone(self._reference.zone)
        return partial(_taken, shot, local, where)

    def _develop(self, person: int, click: Click) -> Negative:
        return Negative(person, self.darkroom.submit(_developed, click, self._reference.zone))

    # -- what everybody knows ------------------------------------------------------------------

    def _site(self, case: OpenCase) -> Site:
        new = Site(case.place, case.problem, position(case.area, case.place))
        return self.sites.setdefault(case.number, new)

    def _person(self, name: str) -> int | None:
        """Who somebody is, by name. Without a store nobody has a camera."""
        return self._people.get(name) if self.store else None

    @cached_property
    def _people(self) -> Mapping[str, int]:
        return {name: person for person, name in self._reference.directory.people.items()}

    def _dice(self, what: str, about: str, at: datetime) -> Random:
        return Random(f"{self.seed} {what} {about} {at.isoformat()}")

    @cached_property
    def _reference(self) -> reference.Reference:
        with self.ledger.transaction() as connection:
            return reference.read(connection)


def _taken(shot: Shot, at: datetime, where: Position) -> Taken:
    return Taken(jpeg(draw(shot), at, where), f"IMG_{at:%Y%m%d_%H%M%S}.jpg")


def _forwarded(shot: Shot, at: datetime) -> Taken:
    """As it comes out of a messenger: without time and place."""
    return Taken(jpeg(draw(shot)), f"mmexport{at.timestamp() * 1000:.0f}.jpg")


def _developed(click: Click, zone: tzinfo) -> Picture:
    return check(*click(), zone)
