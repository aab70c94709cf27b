"""The machine: random verbs by random roles at random instants, and the model beside the ledger."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, ClassVar

import sqlalchemy as sa
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger import look_back, sweeps
from ledger.changes import table
from ledger.database import Ledger
from ledger.intake import Origin, receive
from models.case import Case, Status
from models.finding import Draft
from models.look_back import Draw, LookBack
from models.policy import PolicyVersion
from models.words import Trouble
from rules.lifecycle import Moved
from tests.machine import hours, ladder
from tests.machine.chance import CHOICES, LIMITS, SPOKEN, WHICH, fitting, sensible
from tests.machine.model import Model
from tests.machine.plays import PLAYS, Scene, Words
from tests.machine.reading import Reader

FIRST_DAY = date(2025, 12, 20)
_serial = count(1)

places, draws, look_backs = table(Case), table(Draw), table(LookBack)
policies = table(PolicyVersion)


def policy_name(hand: bool, by_category: bool) -> str:
    """What the policies are called by which the machine's cases go."""
    return f"machine-{'hand' if hand else 'auto'}-{'category' if by_category else 'paper'}"


class Machine(RuleBasedStateMachine):
    """Two or three cases at once in a ledger that other examples have used before."""

    ledger: ClassVar[Ledger]
    tried: ClassVar[Counter[str]] = Counter()
    """By verb and answer; by status reached; `examples`, `steps`, `sweeps`."""

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.tried["examples"] += 1

    @initialize(
        hand=st.booleans(),
        by_category=st.booleans(),
        day=st.integers(0, 365),
        minute=st.integers(0, 24 * 60 - 1),
        units=st.sampled_from(CHOICES),
        limit=st.sampled_from(LIMITS),
    )
    def begin(
        self, hand: bool, by_category: bool, day: int, minute: int, units: tuple[str, ...],
        limit: str,
    ) -> None:  # fmt: skip
        """A day, a policy, and a first finding."""
        name = policy_name(hand, by_category)
        self._in_force(name)
        self.model = Model(hand=hand, by_category=by_category)
        self.reader = Reader(self.ledger)
        midnight = datetime.combine(FIRST_DAY + timedelta(days=day), time(), hours.ZONE)
        self.now = midnight + timedelta(minutes=minute)
        self._tell(f"policy {name}")
        self._report(units, limit)

    def _in_force(self, name: str) -> None:
        with self.ledger.transaction() as connection:
            connection.execute(sa.update(policies).values(active=policies.c.name == name))

    def _tell(self, what: str) -> None:
        self.story.append(f"{self.now:%Y-%m-%d %H:%M:%S.%f} {what}")

    # -- what happens --------------------------------------------------------------------------

    @precondition(lambda self: len(self.model.cases) < 4)
    @rule(
        which=WHICH,
        again=st.booleans(),
        units=st.sampled_from(CHOICES),
        limit=st.sampled_from(LIMITS),
        fixed=st.sampled_from((False, False, False, True)),
        meeting=st.sampled_from((False, False, False, True)),
    )
    def report(
        self, which: int, again: bool, units: tuple[str, ...], limit: str, fixed: bool,
        meeting: bool,
    ) -> None:  # fmt: skip
        """One more finding; or the same at a place that is known: it joins, or has come back."""
        known = self.model.cases[self._number(which)]["place"]
        place = known if again or len(self.model.cases) > 2 else ""
        self._report(units, limit, place=place, fixed=fixed, meeting=meeting)

    def _report(
        self, units: tuple[str, ...], limit: str, *, place: str = "", fixed: bool = False,
        meeting: bool = False,
    ) -> None:  # fmt: skip
        serial = next(_serial)
        place = place or f"花园路{serial}号"
        draft = Draft(
            "2", place, "有一事项待办", units=units, limit=limit, fixed_on_spot=fixed,
            coordinate=meeting, remark=f"第{serial}次上报",
        )  # fmt: skip
        paper = Origin(sha256(f"machine {serial}".encode()).hexdigest(), "清单.csv")
        [[answer]] = receive(self.ledger, paper, [draft], self.now)
        assert answer.case is not None, answer.reason
        self._tell(f"report {answer.case} {place}: {units} {limit} {fixed=} {meeting=}")
        came = self.model.report(
            answer.case, self.now, place, units, limit, fixed=fixed, meeting=meeting
        )
        self._same("report", answer.outcome.value, came.value)
        self.tried[f"report: {came.value}"] += 1

    @rule(which=WHICH, words=SPOKEN, pick=st.integers(0, 99))
    def lives_on(self, which: int, words: dict[str, Any], pick: int) -> None:
        """A verb that the case is ready for, and that does not end it."""
        self._fitting(which, words, pick, moves=False)

    @rule(which=WHICH, words=SPOKEN, pick=st.integers(0, 99))
    def goes_on(self, which: int, words: dict[str, Any], pick: int) -> None:
        """The same: a case has a long life only if most of what happens to it makes sense."""
        self._fitting(which, words, pick, moves=False)

    @rule(which=WHICH, words=SPOKEN, pick=st.integers(0, 99))
    def moves_on(self, which: int, words: dict[str, Any], pick: int) -> None:
        """A verb that most often changes the status."""
        self._fitting(which, words, pick, moves=True)

    @rule(which=WHICH, words=SPOKEN, pick=st.integers(0, 99))
    def moves_along(self, which: int, words: dict[str, Any], pick: int) -> None:
        """And again."""
        self._fitting(which, words, pick, moves=True)

    def _fitting(self, which: int, words: dict[str, Any], pick: int, *, moves: bool) -> None:
        number = self._number(which)
        case = self.model.cases[number]
        verb = fitting(case, pick, moves=moves)
        self._play(verb, number, words | sensible(case, verb, words, pick))

    @rule(which=WHICH, words=SPOKEN, verb=st.sampled_from(tuple(PLAYS)))
    def tries(self, which: int, words: dict[str, Any], verb: str) -> None:
        """Any verb, whether it fits or not."""
        self._play(verb, self._number(which), words)

    def _number(self, which: int) -> str:
        numbers = list(self.model.cases)
        return numbers[which % len(numbers)]

    def _play(self, verb: str, number: str, said: dict[str, Any]) -> None:
        words = Words(
            **{name: value for name, value in said.items() if name != "days"},
            other=self._number(said["count"]) if said["sure"] else "2026-999999",
            until=self.now + timedelta(days=said["days"]),
        )
        before = set(self.model.cases)

        def fresh() -> list[str]:
            query = sa.select(places.c.number).where(places.c.id > self.reader.base)
            with self.ledger.transaction() as connection:
                found = connection.execute(query.order_by(places.c.id)).scalars()
                return [one for one in found if one not in before]

        scene = Scene(self.ledger, self.model, number, self.now, fresh)
        asked, does = PLAYS[verb](scene, words)
        self._tell(f"{verb} {number} ({self.model.cases[number]['status'].value}) {words}")
        answer = _answer(asked)
        self.story[-1] += f" → {answer}"
        expected = self.model.act(verb, number, does)
        self.tried[f"{verb}: {'moved' if answer in set(Status) else answer}"] += 1
        self.tried[f"status {answer}"] += answer in set(Status)
        self._same(verb, answer, expected)

    # -- time and the engine -------------------------------------------------------------------

    @rule(minutes=st.integers(1, 600))
    def minutes_pass(self, minutes: int) -> None:
        """Some minutes or hours."""
        self.now += timedelta(minutes=minutes)

    @rule(days=st.sampled_from((1, 1, 2, 3, 8, 15, 31)))
    def days_pass(self, days: int) -> None:
        """A weekend, a holiday, an outage."""
        self.now += timedelta(days=days)

    @rule(which=WHICH, off=st.sampled_from((0, 0, 0, -1, 1, 3_600_000_000)))
    def until_the_next_look(self, which: int, off: int) -> None:
        """To the very instant something is due, or a tick before or after."""
        due = ladder.next_look(self.model.cases[self._number(which)])
        if due:
            self.now = max(self.now, due + timedelta(microseconds=off))

    @rule()
    def sweep(self) -> None:
        """The engine does its round."""
        self._sweep()

    @rule(which=WHICH)
    def sweep_in_time(self, which: int) -> None:
        """The engine does its round as soon as something is due."""
        self.until_the_next_look(which, 0)
        self._sweep()

    def _sweep(self) -> None:
        self._tell("sweep")
        sweeps.dispatch_filed(self.ledger, self.now)
        sweeps.follow_up(self.ledger, self.now)
        self.model.sweep(self.now)
        self.tried["sweeps"] += 1
        lost = [
            look
            for case in self.model.cases.values()
            for look in ladder.lost_levels(case, self.now)
        ]
        self._same("levels reached and in no row of the log", lost, [])

    @precondition(lambda self: any(_to_draw(case) for case in self.model.cases.values()))
    @rule()
    def draw(self) -> None:
        """Look-backs are drawn; by the policy of these cases all that were closed are."""
        self._tell("draw")
        drawn = [chosen.case for chosen in look_back.draw(self.ledger, self.now, "seed").cases]
        with self.ledger.transaction() as connection:
            connection.execute(sa.update(look_backs).values(draw_id=None))
            connection.execute(sa.delete(draws))
        closed = [number for number, case in self.model.cases.items() if _to_draw(case)]
        self._same("draw", drawn, closed)
        for number in closed:
            self.model.draw(self.model.cases[number], self.now)

    # -- what must be so -----------------------------------------------------------------------

    @invariant()
    def agree(self) -> None:
        """Ledger and model say the same of every case, notice, record and row of the log."""
        self.tried["steps"] += 1
        seen, model = self.reader.look(), self.model
        wrong = [
            f"{number}.{name}: {held!r}, the model says {said!r}"
            for number, facts in seen.cases.items()
            for name, held in facts.items()
            if held != (said := _said(model.cases[number], name))
        ]
        for number, case in model.cases.items():
            wrong += _other(f"{number} parts", seen.parts[number], _parts(case))
            wrong += _other(f"{number} requests", seen.requests[number], _requests(case))
            wrong += self._lateness(number, seen.cases[number]["late"])
        wrong += _other("notices", seen.owed, model.owed)
        wrong += _other("log", seen.logged, model.logged)
        wrong += _other("records", seen.written, model.written)
        model.owed, model.logged, model.written = [], [], []
        self._same("ledger and model", "\n".join(wrong), "")

    def _same(self, what: str, held: Any, said: Any) -> None:
        """Stop where the ledger says something else than the model, and tell how it came."""
        if held == said:
            return
        for line in self.story:
            note(line)
        raise AssertionError(f"{what}: {held}; the model says: {said or 'nothing of the kind'}")

    def _lateness(self, number: str, late: bool | None) -> list[str]:
        """Late once decided stays; on time is undecided again only when it is withdrawn."""
        before = self.reader.lateness.get(number)
        self.reader.lateness[number] = late
        withdrawn = late is None and before is False and "withdraw" in self.story[-1]
        if before is None or late == before or withdrawn:
            return []
        return [f"{number}: lateness was decided {before} and is now {late}"]

    def teardown(self) -> None:
        """Nothing of this example is due any more: others sweep the same ledger."""
        if not self.story:
            return
        mine = places.c.id > self.reader.base
        with self.ledger.transaction() as connection:
            connection.execute(
                sa.update(places).where(mine).values(next_look_at=None, status=Status.CANCELLED)
            )
            connection.execute(sa.delete(look_backs))
            connection.execute(sa.delete(draws))


def _answer(asked: Any) -> str:
    try:
        answer = asked()
    except Trouble:
        return "unknown"
    return str(answer.to.value) if isinstance(answer, Moved) else "refused"


def _to_draw(case: dict[str, Any]) -> bool:
    """Closed after it had been dispatched, and not being looked at already."""
    return bool(
        case["status"] is Status.CLOSED and case["clock_from"] and not case["look_back_from"]
    )


def _said(case: dict[str, Any], name: str) -> Any:
    return ladder.next_look(case) if name == "next_look_at" else case[name]


def _parts(case: dict[str, Any]) -> list[tuple[Any, ...]]:
    keys = ("unit", "role", "ended", "exempt", "confirmed", "late", "handler", "leader")
    return [tuple(part[key] for key in keys) for part in case["parts"]]


def _requests(case: dict[str, Any]) -> list[tuple[str, str]]:
    return [(asked["kind"].value, asked["state"].value) for asked in case["requests"]]


def _other(what: str, held: list[Any], said: list[Any]) -> list[str]:
    """Where two lists differ, whatever their order."""
    more, less = Counter(held) - Counter(said), Counter(said) - Counter(held)
    return [f"{what}: {row} only in the ledger" for row in more.elements()] + [
        f"{what}: {row} only in the model" for row in less.elements()
    ]
