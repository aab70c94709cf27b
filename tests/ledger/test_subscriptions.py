"""Weekly summaries: owed once, on their day, of what their reader may see, and never empty."""

from dataclasses import dataclass
from datetime import time
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import subscriptions
from ledger.admin import Hand, acts
from ledger.changes import table
from ledger.scope import Missing
from models.account import Account, AccountRole, RoleGrant
from models.notice import Notice, NoticeKind
from models.person import Person
from models.subscription import Subscription
from models.unit import Area, Unit
from models.words import Trouble
from rules.permission import Grant, Viewer
from tasks.summaries import owe
from tests.world import World, clock

MONDAY = 0


@dataclass
class Reader:
    """Somebody with an account and one role."""

    world: World
    viewer: Viewer

    @property
    def hand(self) -> Hand:
        return Hand(self.viewer.account_id, self.viewer.name, self.world.now)

    def asks(self, unit: str = "csgl", weekday: int = MONDAY, at: time = time(9)) -> None:
        which = one(self.world, Unit, code=unit).id
        subscriptions.subscribe(self.world.ledger, self.hand, self.viewer, which, weekday, at)


def one(world: World, model: Any, **which: Any) -> Any:
    rows = table(model)
    [row] = world.rows(model, *(rows.c[name] == value for name, value in which.items()))
    return row


def reader(world: World, who: str, role: AccountRole, unit: str = "", area: str = "") -> Reader:
    """Gives somebody an account with this role; a hash is not needed."""
    person = one(world, Person, code=who)
    unit_id = one(world, Unit, code=unit).id if unit else None
    area_id = one(world, Area, code=area).id if area else None
    accounts, grants = table(Account), table(RoleGrant)
    with world.ledger.transaction() as connection:
        made = sa.insert(accounts).values(
            person_id=person.id, login=who, password="", must_change=False, active=True,
            failures=0, lang="zh", created_at=world.now,
        )  # fmt: skip
        account = connection.execute(made.returning(accounts.c.id)).scalar_one()
        connection.execute(
            sa.insert(grants).values(
                account_id=account, role=role, unit_id=unit_id, area_id=area_id
            )
        )
    grant = Grant(role, unit_id, area_id)
    return Reader(world, Viewer(person.id, person.name, account_id=account, grants=(grant,)))


@pytest.fixture
def head(world: World) -> Reader:
    """The head of the unit of Bob."""
    return reader(world, "head", AccountRole.HEAD, "csgl")


def summaries(world: World) -> list[Any]:
    return list(world.rows(Notice, table(Notice).c.kind == NoticeKind.SUMMARY))


def test_a_week_is_told_beside_the_week_before(world: World, head: Reader) -> None:
    for week, cases in (("2026-09-08 09:30", 1), ("2026-09-15 09:30", 2)):
        for number in range(cases):
            place = f"揽月路{week[8:10]}{number}号"
            case = world.at(week).report(place, "井盖缺失", limit="1 工作日")
            world.sweep()
            if number == 0:
                world.bob.signs(case)
                world.bob.submits(case)
                world.alice.passes(case)
    world.at("2026-09-18 18:00").sweep()
    head.asks()
    world.at("2026-09-21 09:00")
    assert owe(world.ledger, world.now) == {"summed": 1}
    [notice] = summaries(world)
    assert notice.case_id is None
    assert notice.key == f"summary:{one(world, Subscription).id}:2026-09-21"
    lines = "\n".join(notice.facts["lines"]["zh"])
    assert "现在在办 1 件：逾期 1 件，待裁定或审批 0 件。" in lines
    assert "新交办 2 件（上周 1 件）。" in lines
    assert "销号 1 件：按时 1 件，逾期 0 件（上周 1 件：按时 1 件，逾期 0 件）。" in lines
    assert "督办升级：1 级 1 次、2 级 1 次" in lines
    assert "揽月路151号：井盖缺失，应于9月16日(周三)18:00办结" in lines
    assert "Newly dispatched: 2 (the week before: 1)." in notice.facts["lines"]["en"]
    assert "市城市管理局周报（09-14 至 09-21）" in notice.facts["subject"]["zh"]
    assert clock(one(world, Subscription).next_at) == "2026-09-28 09:00"


def test_it_is_owed_once_and_the_rest_of_an_outage_is_one_summary(
    world: World, head: Reader
) -> None:
    world.at("2026-09-08 09:30").report("揽月路1号", "井盖缺失")
    world.sweep()
    head.asks()
    world.at("2026-09-30 10:00")
    assert owe(world.ledger, world.now) == {"summed": 1}
    assert owe(world.ledger, world.now) == {}
    assert len(summaries(world)) == 1
    # The National Day puts the next one off: 5 October is not worked.
    assert clock(one(world, Subscription).next_at) == "2026-10-08 08:00"


def test_where_nothing_is_open_and_nothing_happened_nothing_is_told(
    world: World, head: Reader
) -> None:
    world.at("2026-09-08 09:30").report("听涛路1号", "垃圾", "西岚区", area="西岚区")
    world.sweep()
    head.asks()
    world.at("2026-09-21 09:00")
    assert owe(world.ledger, world.now) == {"quiet": 1}
    assert summaries(world) == []
    assert clock(one(world, Subscription).next_at) == "2026-09-28 09:00"


def test_a_crash_between_owing_and_moving_on_leaves_neither(world: World, head: Reader) -> None:
    world.at("2026-09-08 09:30").report("揽月路1号", "井盖缺失")
    world.sweep()
    head.asks()
    world.at("2026-09-21 09:00")

    def breaks(*_: Any) -> Any:
        raise RuntimeError("killed")

    due = one(world, Subscription).next_at
    with pytest.raises(RuntimeError):
        subscriptions.owe_due(world.ledger, world.now, breaks)
    assert (summaries(world), one(world, Subscription).next_at) == ([], due)
    assert owe(world.ledger, world.now) == {"summed": 1}


def test_another_hour_of_the_same_day_does_not_tell_it_twice(world: World, head: Reader) -> None:
    world.at("2026-09-08 09:30").report("揽月路1号", "井盖缺失")
    world.sweep()
    world.at("2026-09-15 10:00")
    head.asks()
    world.at("2026-09-21 09:00")
    owe(world.ledger, world.now)
    head.asks(at=time(10))
    world.at("2026-09-21 10:00")
    assert owe(world.ledger, world.now) == {"quiet": 1}
    assert len(summaries(world)) == 1


def test_one_has_the_summary_of_what_one_heads_leads_or_supervises_only(world: World) -> None:
    head = reader(world, "head", AccountRole.HEAD, "csgl")
    bob = reader(world, "bob", AccountRole.CONTACT, "csgl")
    west = reader(world, "mallory", AccountRole.SUPERVISOR, area="west")
    carol = reader(world, "carol", AccountRole.SUPERVISOR)
    with world.ledger.snapshot() as connection:
        offered = {
            who.viewer.name: len(subscriptions.offered(connection, who.viewer))
            for who in (head, bob, west, carol)
        }
    assert offered == {"城管局负责人": 1, "Bob": 0, "Mallory": 2, "Carol": len(world.rows(Unit))}
    for who, unit in ((bob, "csgl"), (head, "zjj"), (west, "csgl")):
        with pytest.raises(Missing):
            who.asks(unit)
    with pytest.raises(Trouble, match="星期"):
        head.asks(weekday=7)


def test_it_tells_nothing_of_cases_that_its_reader_may_not_see(world: World) -> None:
    west = reader(world, "mallory", AccountRole.SUPERVISOR, area="west")
    world.at("2026-09-08 09:30").report("听涛路1号", "西区的事", "西岚区", area="西岚区")
    world.report("东湖路1号", "东区的事", "西岚区", area="东澄区")
    world.sweep()
    west.asks("west")
    world.at("2026-09-21 09:00")
    owe(world.ledger, world.now)
    [notice] = summaries(world)
    said = str(notice.facts)
    assert "听涛路1号" in said
    assert "东湖路1号" not in said
    assert "现在在办 1 件" in said


def test_whoever_loses_the_role_gets_no_more(world: World, head: Reader) -> None:
    world.at("2026-09-08 09:30").report("揽月路1号", "井盖缺失")
    world.sweep()
    head.asks()
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(table(RoleGrant)))
    world.at("2026-09-21 09:00")
    assert owe(world.ledger, world.now) == {"quiet": 1}
    assert summaries(world) == []
    assert not one(world, Subscription).active


def test_a_pause_tells_nothing_and_what_was_missed_is_not_made_up(
    world: World, head: Reader
) -> None:
    world.at("2026-09-08 09:30").report("揽月路1号", "井盖缺失")
    head.asks()
    row = one(world, Subscription)
    subscriptions.switch(world.ledger, head.hand, head.viewer, row.id, on=False)
    world.at("2026-09-21 12:00")
    assert owe(world.ledger, world.now) == {}
    subscriptions.switch(world.ledger, head.hand, head.viewer, row.id, on=True)
    assert clock(one(world, Subscription).next_at) == "2026-09-28 09:00"
    assert owe(world.ledger, world.now) == {}
    deeds = [str(line.deed) for line in acts(world.ledger)[0]]
    assert deeds == ["account.subscribe"] * 3
