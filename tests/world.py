"""A small city with a movable clock: stories about it read like sentences.

Alice inspects, Bob answers for 城管局, Carol supervises; Mallory belongs to another district.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from ledger import desk, loading, log, measures, proof, sweeps
from ledger.changes import table
from ledger.database import Ledger
from ledger.intake import Answer, Origin, receive
from ledger.thread import Thread, read_case
from models.calendar import City
from models.case import Case
from models.cost import CostKind
from models.finding import Draft
from models.request import RequestKind
from notices.vault import Vault
from rules.lifecycle import Moved, Refused
from tasks import sending

ZONE = ZoneInfo("Asia/Shanghai")

CITY = """
city: {name: 澄岚市, zone: Asia/Shanghai}
areas:
  - {code: city, name: 澄岚市}
  - {code: east, name: 东澄区, parent: city}
  - {code: west, name: 西岚区, parent: city}
units:
  - {code: office, name: 市创城办, kind: office, area: city}
  - {code: csgl, name: 市城市管理局, kind: department, parent: office, area: city,
     aliases: [城管局, 市城管局]}
  - {code: zjj, name: 市住房和城乡建设局, kind: department, parent: office, area: city,
     aliases: [住建局, 市住建局]}
  - {code: west, name: 西岚区人民政府, kind: territory, parent: office, area: west,
     aliases: [西岚区]}
  - {code: empty, name: 北坡社区居委会, kind: territory, area: west, aliases: [北坡社区]}
people:
  - {code: alice, name: Alice, channels: ["folder://alice"]}
  - {code: bob, name: Bob, channels: ["folder://bob"], duties: [{unit: csgl, duty: contact}]}
  - {code: carol, name: Carol, channels: ["folder://carol"],
     duties: [{unit: office, duty: office}]}
  - {code: mallory, name: Mallory, channels: ["folder://mallory"],
     duties: [{unit: west, duty: contact}, {unit: west, duty: head}]}
  - {code: head, name: 城管局负责人, channels: ["folder://head"],
     duties: [{unit: csgl, duty: head}]}
  - {code: leader, name: 城管局分管领导, channels: ["folder://leader"],
     duties: [{unit: csgl, duty: leader}]}
  - {code: discipline, name: 纪检监察员, channels: ["folder://discipline"],
     duties: [{unit: office, duty: discipline}]}
  - {code: builder, name: 住建局联络员, channels: ["folder://builder"],
     duties: [{unit: zjj, duty: contact}]}
routes:
  - {code: lamps, pattern: "B0137*", lead: zjj, assisting: [csgl]}
  - {code: covers-1, pattern: "B0123*", lead: csgl}
  - {code: covers-2, pattern: "B0123*", lead: zjj}
"""


def instant(text: str) -> datetime:
    """ "2026-09-24 15:00" as the city's clocks show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def clock(at: datetime | None) -> str | None:
    """An instant as the city's clocks show it: "2026-09-24 15:00"."""
    return at and at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


@contextmanager
def refusal(*expected: str) -> Iterator[None]:
    """What is done inside is refused, in words that hold all of `expected`."""
    with pytest.raises(WasRefusedError) as caught:
        yield
    said = f"{caught.value.reason.zh}\n{caught.value.reason.en}"
    assert [words for words in expected if words not in said] == [], said


class WasRefusedError(AssertionError):
    """A verb of a story was refused."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason.zh)
        self.reason = refused.reason


def moved(answer: Moved | Refused) -> str:
    """The status a verb led to."""
    if isinstance(answer, Refused):
        raise WasRefusedError(answer)
    return answer.to.value


def found(ledger: Ledger) -> None:
    """Found the small city, unless it is there already."""
    with ledger.transaction() as connection:
        if connection.execute(sa.select(table(City).c.id)).first() is None:
            loading.load_city(connection, loading.parse_city(CITY, "city.yaml"))


@dataclass(frozen=True, slots=True)
class Told:
    """One message that arrived: whose folder, when, its subject and its whole text."""

    who: str
    at: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Level:
    """One row of the escalation log, as a story tells it."""

    level: int
    planned: str | None
    at: str | None
    outcome: str
    told: tuple[str, ...]


@dataclass
class World:
    """The city, its ledger and its clock. Every sentence happens at the instant of the clock."""

    ledger: Ledger
    folder: Path
    now: datetime = field(default_factory=lambda: instant("2026-09-24 15:00"))
    vault: Vault | None = None
    """What addresses lie sealed with, once a portal is open."""
    _papers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        found(self.ledger)
        self.alice, self.bob = Actor(self, "Alice"), Actor(self, "Bob")
        self.carol, self.mallory = Actor(self, "Carol"), Actor(self, "Mallory")

    def at(self, text: str) -> "World":
        """Move the clock: `world.at("2026-09-28 18:00").sweep()`."""
        self.now = instant(text)
        return self

    # -- paper --------------------------------------------------------------------------------

    def report(
        self, place: str, problem: str, unit: str = "城管局", limit: str = "", **more: Any
    ) -> str:
        """Alice hands in one finding on a paper of its own; gives the case's number."""
        units = tuple(unit.split("、")) if unit else ()
        answer = self.hand_in(Draft("2", place, problem, units=units, limit=limit, **more))[0]
        assert answer.case is not None, answer.reason
        return answer.case

    def hand_in(self, *drafts: Draft, paper: str = "", dry_run: bool = False) -> list[Answer]:
        """Hand in drafts on one paper; the same `paper` is the same bytes."""
        name = paper or f"paper {next(self._papers)}"
        origin = Origin(sha256(name.encode()).hexdigest(), f"{name}.csv")
        numbered = [replace(d, row=d.row or str(n)) for n, d in enumerate(drafts, start=2)]
        chunks = receive(self.ledger, origin, numbered, self.now, dry_run=dry_run)
        return [answer for chunk in chunks for answer in chunk]

    # -- the engine ---------------------------------------------------------------------------

    def half_an_hour_on(self) -> "World":
        """Move the clock so far that news which waited to go together goes."""
        self.now += timedelta(minutes=30)
        return self

    def sweep(self) -> Counter[str]:
        """One round of the engine: dispatch, follow up, deliver. Counts what was done."""
        counts = sweeps.dispatch_filed(self.ledger, self.now)
        counts += sweeps.follow_up(self.ledger, self.now)
        counts["proposed"] = measures.propose(self.ledger, self.now)
        return counts + sending.deliver(self.ledger, self.now, self.folder, vault=self.vault)

    def raw(self, verb: Any, number: str, *words: Any, actor: str = "Carol", **more: Any) -> Any:
        """The desk's own answer to a verb: Moved or Refused."""
        return verb(self.ledger, number, *words, self.now, actor, **more)

    # -- what came of it ----------------------------------------------------------------------

    def told(self, who: str = "*") -> list[Told]:
        """The messages that arrived, of one person ("bob") or of everybody."""
        return [
            Told(file.stem, at, subject, body)
            for file in sorted(self.folder.glob(f"{who}.txt"))
            for at, subject, body in _MESSAGE.findall(file.read_text("utf-8"))
        ]

    def hears(self, who: str, *words: str) -> bool:
        """Whether somebody is told, at the instant of the clock, a message that holds `words`."""
        now = [told for told in self.told(who) if told.at == clock(self.now)]
        return any(all(w in f"{told.subject}\n{told.body}" for w in words) for told in now)

    def reads(self, who: str, *words: str) -> bool:
        """Whether one line of what somebody is told now holds `words`: in a digest, of one case."""
        lines = (
            line for t in self.told(who) if t.at == clock(self.now) for line in t.body.split("\n")
        )
        return any(all(word in line for word in words) for line in lines)

    def thread(self, number: str) -> Thread:
        """One case with everything that belongs to it."""
        return read_case(self.ledger, number, self.now)

    def case(self, number: str) -> Any:
        """The row of one case."""
        [row] = self.rows(Case, table(Case).c.number == number)
        return row

    def due(self, number: str) -> str | None:
        """When the case is due, as the city's clocks show it."""
        return clock(self.case(number).due_at)

    def status(self, number: str) -> str:
        """Where the case stands."""
        return str(self.case(number).status.value)

    def levels(self, number: str, *, stage: str = "handle") -> list[Level]:
        """The levels of the ladder the case has climbed, in order."""
        return [
            Level(
                row.level,
                clock(row.planned_at),
                clock(row.at),
                row.outcome,
                tuple(who["person"] for who in row.recipients),
            )
            for row in log.rows(self.ledger, number)
            if row.stage == stage
        ]

    def rows(self, model: Any, *conditions: Any) -> Sequence[Any]:
        """All rows of a table, in order."""
        found = table(model)
        key = next(iter(found.primary_key.columns))
        with self.ledger.transaction() as connection:
            return connection.execute(sa.select(found).where(*conditions).order_by(key)).all()

    def proven(self) -> bool:
        """Whether every chain of records is whole."""
        return proof.verify(self.ledger).broken == []


_MESSAGE = re.compile(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d [+-]\d{4}\] (.*)\n((?:.+\n)*)", re.M)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, under a name, when the world's clock shows now."""

    world: World
    name: str

    def _does(self, verb: Any, number: str, *words: Any, **more: Any) -> str:
        world = self.world
        return moved(verb(world.ledger, number, *words, world.now, self.name, **more))

    def dispatches(self, number: str, *units: str, limit: str = "") -> str:
        """Hands the case to units, the first leading."""
        return self._does(desk.dispatch, number, list(units), limit=limit)

    def files(self, number: str, category: str = "") -> str:
        """Files a reported finding."""
        return self._does(desk.file, number, category=category)

    def rejects(self, number: str, why: str = "不在创建范围") -> str:
        """Does not file a reported finding."""
        return self._does(desk.reject, number, why)

    def fixes_on_spot(self, number: str) -> str:
        """Notes that a reported finding was put right at once."""
        return self._does(desk.fix_on_spot, number)

    def reclassifies(self, number: str, category: str, why: str = "原类别有误") -> str:
        """Corrects the category."""
        return self._does(desk.reclassify, number, category, why)

    def assigns(self, number: str, **to: str) -> str:
        """Gives a unit's part to a section, a person, a leader."""
        return self._does(desk.assign, number, **to)

    def coordinates(
        self, number: str, *units: str, decision: str = "由会议确定的单位负责", minutes: str = ""
    ) -> str:
        """Settles duty in a meeting; the first unit leads."""
        present = ("市创城办", *units)
        return self._does(desk.coordinate, number, units, present, decision, minutes=minutes)

    def transfers(
        self, number: str, *units: str, why: str = "职责划转", exempt: bool = False
    ) -> str:
        """Passes the case to other units."""
        return self._does(desk.transfer, number, units, why, exempt=exempt)

    def takes_over(self, number: str, unit: str, why: str = "久拖不决") -> str:
        """Has a unit above take the lead."""
        return self._does(desk.take_over, number, unit, why)

    def urges(self, number: str, why: str = "领导关注") -> str:
        """Urges by hand."""
        return self._does(desk.urge, number, why)

    def signs(self, number: str) -> str:
        """Signs for the case."""
        return self._does(desk.acknowledge, number)

    def sends_back(self, number: str, why: str = "不属本单位职责") -> str:
        """Sends the case back."""
        return self._does(desk.send_back, number, why)

    def upholds(self, number: str, *units: str, why: str = "理由成立") -> str:
        """Upholds the return and hands the case to others."""
        return self._does(desk.rule_on_return, number, upheld=True, units=units, reason=why)

    def overrules(self, number: str, why: str = "属贵单位职责") -> str:
        """Refuses the return."""
        return self._does(desk.rule_on_return, number, upheld=False, reason=why)

    def asks_for_more_time(self, number: str, why: str = "配件未到") -> str:
        """Asks for an extension."""
        return self._does(desk.ask, number, RequestKind.EXTENSION, why)

    def asks_to_suspend(self, number: str, until: str | None, why: str = "冬季不能施工") -> str:
        """Asks for a suspension until an instant."""
        end = instant(until) if until else None
        return self._does(desk.ask, number, RequestKind.SUSPENSION, why, until=end)

    def appeals(self, number: str, why: str = "停电，非本单位原因") -> str:
        """Appeals against a lateness."""
        return self._does(desk.ask, number, RequestKind.APPEAL, why)

    def grants(self, number: str) -> str:
        """Grants the open request."""
        return self._does(desk.decide, number, granted=True)

    def turns_down(self, number: str, why: str = "理由不足") -> str:
        """Refuses the open request."""
        return self._does(desk.decide, number, granted=False, reason=why)

    def resumes(self, number: str) -> str:
        """Takes a suspended case up again."""
        return self._does(desk.resume_by_hand, number)

    def submits(self, number: str, text: str = "已整改") -> str:
        """Hands in the rectification."""
        return self._does(desk.submit, number, text)

    def confirms_part(self, number: str, unit: str, text: str = "协同事项已完成") -> str:
        """Reports the part of an assisting unit done."""
        return self._does(desk.confirm_part, number, unit, text)

    def withdraws(self, number: str, why: str = "照片传错") -> str:
        """Takes the submission back."""
        return self._does(desk.withdraw, number, why)

    def passes_in_part(self, number: str, *left: str, why: str = "井盖已换，路面未平") -> str:
        """Verifies on site: some of it is left."""
        return self._does(desk.verify, number, passed=False, partly=True, left=left, reason=why)

    def looks_back(self, number: str, *, passed: bool = True, why: str = "又见积水") -> str:
        """Looks again at a closed case."""
        return self._does(desk.look_back, number, passed=passed, reason="" if passed else why)

    def reopens(self, number: str, why: str = "群众来电反映未整改") -> str:
        """Takes a closed case up again."""
        return self._does(desk.reopen, number, why)

    def exposes(self, number: str, medium: str = "市电视台《曝光台》") -> str:
        """Records where the case was exposed."""
        return self._does(desk.expose, number, medium)

    def splits(self, number: str, *shares: desk.Share, why: str = "两处问题") -> str:
        """Splits the case."""
        return self._does(desk.split, number, shares, why)

    def advances(self, number: str, yuan: str, why: str = "购井盖") -> str:
        """Records money advanced."""
        return self._does(desk.record_cost, number, CostKind.ADVANCED, yuan, why)

    def settles(self, number: str, yuan: str, why: str = "财政拨付") -> str:
        """Records money settled."""
        return self._does(desk.record_cost, number, CostKind.SETTLED, yuan, why)

    def passes(self, number: str) -> str:
        """Verifies on site: put right."""
        return self._does(desk.verify, number, passed=True)

    def fails(self, number: str, why: str = "仍有积水") -> str:
        """Verifies on site: not put right."""
        return self._does(desk.verify, number, passed=False, reason=why)

    def publishes(self, number: str) -> str:
        """Publishes a closed case."""
        return self._does(desk.publish, number)

    def cancels(self, number: str, why: str = "误报") -> str:
        """Takes the case out of the work."""
        return self._does(desk.cancel, number, why)

    def merges(self, number: str, into: str) -> str:
        """Joins the case to another."""
        return self._does(desk.merge, number, into)

    def notes(self, number: str, text: str) -> str:
        """Writes a remark."""
        return self._does(desk.note, number, text)
