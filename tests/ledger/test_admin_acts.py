"""管理: every change of an administrator is written down with it, and reaches whoever judges."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa

from ledger import (
    accounts,
    admin_accounts,
    admin_calendar,
    admin_channels,
    admin_links,
    admin_people,
    admin_policies,
    admin_rules,
    admin_units,
    counters,
    loading,
    outlets,
)
from ledger.admin import ActLine, Hand, acting, acts
from ledger.admin_rules import CategoryFacts, RouteFacts
from ledger.admin_units import AreaFacts, UnitFacts
from ledger.admin_where import course
from ledger.changes import table
from ledger.reference import LOADS, Reference, read
from ledger.sweeps import reconsider
from models.account import AccountRole, Act, Session
from models.category import Role
from models.finding import Draft
from models.person import Channel, DutyKind, Person, Way
from models.policy import PolicyVersion
from models.unit import Area, Unit, UnitKind
from models.words import Trouble
from notices.vault import Vault, new_key
from rules.duty import Away, Roster
from rules.permission import Grant
from rules.policy import PolicyTrouble
from tasks.ways import way_of
from tests.world import World, clock, instant

SECRET = "dingtalk://abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"
NEXT_YEAR = "date,workday,name,source\n2027-01-01,0,元旦,国办发明电〔2026〕9号\n"


def hand(world: World) -> Hand:
    return Hand(None, "管理员", world.now)


def known(world: World) -> Reference:
    with world.ledger.transaction() as connection:
        return read(connection)


def key(world: World, model: type, code: str) -> int:
    [row] = world.rows(model, table(model).c.code == code)
    return int(row.id)


def loads(world: World) -> int:
    with world.ledger.transaction() as connection:
        return counters.value(connection, LOADS)


def last(world: World) -> ActLine:
    lines, _ = acts(world.ledger)
    return lines[0]


VAULT = Vault([new_key()])


def way(url: str) -> Way:
    return way_of(url, VAULT)


# -- the act and its row -----------------------------------------------------------------------


def test_an_act_says_who_changed_what_from_what_to_what(world: World) -> None:
    facts = UnitFacts("市综合执法局", UnitKind.DEPARTMENT, key(world, Unit, "office"))
    admin_units.change_unit(world.ledger, hand(world), key(world, Unit, "csgl"), facts)
    line = last(world)
    assert (line.actor, str(line.deed), line.target) == ("管理员", "unit.change", "市城市管理局")
    assert clock(line.at) == clock(world.now)
    assert (line.before["name"], line.after["name"]) == ("市城市管理局", "市综合执法局")
    assert "kind" not in line.after  # what did not change is not said


def test_a_change_that_is_refused_leaves_neither_row_nor_act(world: World) -> None:
    before = world.rows(Unit), loads(world)
    facts = UnitFacts("城 管 局", UnitKind.DEPARTMENT)  # another unit is also called so
    with pytest.raises(Trouble, match="已是"):
        admin_units.add_unit(world.ledger, hand(world), "new", facts)
    assert (world.rows(Unit), loads(world)) == before
    assert world.rows(Act) == []


def test_acts_can_neither_be_altered_nor_removed(world: World) -> None:
    admin_people.add_person(world.ledger, hand(world), "dave", "丁")
    rows = table(Act)
    for statement in (sa.update(rows).values(actor="nobody"), sa.delete(rows)):
        with pytest.raises(sa.exc.DatabaseError), world.ledger.transaction() as connection:
            connection.execute(statement)
    assert last(world).actor == "管理员"


def test_the_list_of_acts_goes_on_where_the_page_ended(world: World) -> None:
    for n in range(5):
        admin_people.add_person(world.ledger, hand(world), f"p{n}", f"新人{n}")
    first, after = acts(world.ledger, size=3)
    second, end = acts(world.ledger, size=3, after=after)
    assert [line.target for line in (*first, *second)] == [f"新人{n}" for n in (4, 3, 2, 1, 0)]
    assert end == 0
    assert acts(world.ledger, about="unit") == ([], 0)
    assert [line.target for line in acts(world.ledger, text="新人2")[0]] == ["新人2"]


def test_what_changes_judgements_tells_everybody_to_read_anew(world: World) -> None:
    start = loads(world)
    admin_people.add_person(world.ledger, hand(world), "dave", "丁")
    assert loads(world) == start + 1
    admin_channels.add(world.ledger, hand(world), key(world, Person, "bob"), way("folder://b"))
    assert loads(world) == start + 1  # an address is read when something is sent


# -- units and areas ---------------------------------------------------------------------------


def test_paper_is_understood_by_a_name_from_the_moment_it_is_added(world: World) -> None:
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城市管家",)))
    assert world.status(str(answer.case)) == "undecided"
    admin_units.add_alias(world.ledger, hand(world), key(world, Unit, "csgl"), "城市管家")
    [answer] = world.hand_in(Draft("1", "滨河路2号", "垃圾桶满溢", units=("城市管家",)))
    assert world.status(str(answer.case)) == "dispatched"


def test_a_unit_that_has_had_cases_cannot_be_removed_and_one_never_used_can(world: World) -> None:
    world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢", units=("城管局",)))
    with pytest.raises(Trouble, match="案件的分派"):
        admin_units.remove_unit(world.ledger, hand(world), key(world, Unit, "csgl"))
    admin_units.remove_unit(world.ledger, hand(world), key(world, Unit, "empty"))
    assert last(world).target == "北坡社区居委会"
    assert known(world).unit("北坡社区") is None


def test_no_unit_and_no_area_comes_to_lie_below_itself(world: World) -> None:
    office, csgl = key(world, Unit, "office"), key(world, Unit, "csgl")
    city, east = key(world, Area, "city"), key(world, Area, "east")
    facts = UnitFacts("市创城办", UnitKind.OFFICE, csgl)
    with pytest.raises(Trouble, match="下级之下"):
        admin_units.change_unit(world.ledger, hand(world), office, facts)
    with pytest.raises(Trouble, match="下级之下"):
        admin_units.change_area(world.ledger, hand(world), city, AreaFacts("澄岚市", east))


def test_an_area_moves_with_all_that_lies_within_it(world: World) -> None:
    ledger, by = world.ledger, hand(world)
    street = admin_units.add_area(ledger, by, "st", AreaFacts("河东街道", key(world, Area, "east")))
    inner = admin_units.add_area(ledger, by, "sq", AreaFacts("河东社区", street))
    west = key(world, Area, "west")
    admin_units.change_area(ledger, by, street, AreaFacts("河东街道", west))
    city = key(world, Area, "city")
    assert known(world).areas["河东社区"] == (inner, f"/{city}/{west}/{street}/{inner}/")


# -- people ------------------------------------------------------------------------------------


def test_a_duty_and_an_absence_count_at_once(world: World) -> None:
    ledger, by = world.ledger, hand(world)
    carol, csgl = key(world, Person, "carol"), key(world, Unit, "csgl")
    bob = key(world, Person, "bob")
    admin_people.add_absence(ledger, by, Away(bob, world.now, instant("2026-10-09 08:00"), carol))

    def contacts(at: str) -> list[str]:
        directory = known(world).directory
        return [who.person for who in directory.who(csgl, DutyKind.CONTACT, instant(at))]

    assert contacts("2026-09-25 09:00") == ["Carol"]
    [absence] = admin_people.absences(ledger, world.now)
    admin_people.end_absence(ledger, by, absence.id)
    assert contacts("2026-09-25 09:00") == ["Bob"]
    admin_people.add_duty(ledger, by, carol, csgl, DutyKind.CONTACT)
    assert contacts("2026-09-25 09:00") == ["Bob", "Carol"]
    admin_people.set_rota(
        ledger, by, csgl, DutyKind.CONTACT, Roster(date(2026, 9, 21), (bob, carol))
    )
    assert [contacts(f"2026-09-{day} 09:00") for day in (24, 28)] == [["Bob"], ["Carol"]]
    assert last(world).after["people"] == ["Bob", "Carol"]


def test_who_has_left_is_told_nothing_and_signs_in_no_more(world: World) -> None:
    bob = key(world, Person, "bob")
    grants = [Grant(AccountRole.CONTACT, key(world, Unit, "csgl"))]
    with acting(world.ledger) as connection:
        made = admin_accounts.add(connection, hand(world), bob, "bob", grants, "long enough now")
    opened = accounts.open_session(world.ledger, made, world.now)
    assert isinstance(opened, accounts.Opened)
    admin_people.change_person(world.ledger, hand(world), bob, "Bob", active=False)
    assert accounts.seen(world.ledger, opened.token, world.now) is None
    assert bob not in known(world).directory.people


def test_an_address_is_in_no_act_and_channels_keep_their_order(world: World) -> None:
    ledger, by, bob = world.ledger, hand(world), key(world, Person, "bob")
    assert outlets.seal_all(ledger, way) == len(world.rows(Channel))
    admin_channels.add(ledger, by, bob, way(SECRET))
    assert [VAULT.sealed(row.url) for row in world.rows(Channel)] == [True] * 9
    assert "abcdefgh" not in str(world.rows(Channel))
    [_, second] = world.rows(Channel, table(Channel).c.person_id == bob)
    admin_channels.put_first(ledger, by, bob, second.id)
    shown = admin_people.person(ledger, bob).channels
    assert [(way.position, way.shown.partition(":")[0]) for way in shown] == [
        (0, "dingtalk"), (1, "folder"),
    ]  # fmt: skip
    admin_channels.change(ledger, by, bob, second.id, way("folder://other"))
    admin_channels.remove(ledger, by, bob, second.id)
    [left] = admin_people.person(ledger, bob).channels
    assert left.position == 0
    assert "abcdefgh" not in str(world.rows(Act))


# -- accounts ----------------------------------------------------------------------------------


def account(world: World, code: str, role: AccountRole) -> int:
    who = key(world, Person, code)
    with acting(world.ledger) as connection:
        return admin_accounts.add(
            connection, hand(world), who, code, [Grant(role)], "long enough now"
        )


def test_the_last_administrator_stays_one(world: World) -> None:
    carol = account(world, "carol", AccountRole.ADMINISTRATOR)
    [grant] = admin_accounts.account(world.ledger, carol, world.now).line.grants
    person = key(world, Person, "carol")
    with pytest.raises(Trouble, match="最后一个管理员"), acting(world.ledger) as connection:
        admin_accounts.close(connection, hand(world), carol)
    with pytest.raises(Trouble, match="最后一个管理员"), acting(world.ledger) as connection:
        admin_accounts.withdraw(connection, hand(world), carol, grant.id)
    with pytest.raises(Trouble, match="最后一个管理员"):
        admin_people.change_person(world.ledger, hand(world), person, "Carol", active=False)
    account(world, "alice", AccountRole.ADMINISTRATOR)
    with acting(world.ledger) as connection:
        admin_accounts.close(connection, hand(world), carol)


def test_two_administrators_cannot_close_each_other_at_once(world: World) -> None:
    made = [account(world, who, AccountRole.ADMINISTRATOR) for who in ("carol", "alice")]

    def close(one: int) -> bool:
        try:
            with acting(world.ledger) as connection:
                admin_accounts.close(connection, hand(world), one)
        except Trouble:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(close, made)) == [False, True]


def test_closing_and_resetting_end_what_was_opened(world: World) -> None:
    account(world, "carol", AccountRole.ADMINISTRATOR)
    alice = account(world, "alice", AccountRole.INSPECTOR)
    token = admin_links.make_token(world.ledger, hand(world), "alice", "热线", ["cases:read"])
    opened = accounts.open_session(world.ledger, alice, world.now)
    assert isinstance(opened, accounts.Opened)
    with acting(world.ledger) as connection:
        admin_accounts.reset(connection, hand(world), alice, "another long one")
    assert accounts.seen(world.ledger, opened.token, world.now) is None
    with acting(world.ledger) as connection:
        admin_accounts.close(connection, hand(world), alice)
    assert [row.revoked_at is not None for row in world.rows(Session)] == [True]
    [line] = admin_links.all_tokens(world.ledger)
    assert not line.works(world.now)
    said = str(world.rows(Act))
    assert all(secret not in said for secret in (token, "another long one", "long enough now"))


@pytest.mark.parametrize(
    ("role", "unit", "area", "said"),
    [
        (AccountRole.CONTACT, "", "city", "须指定单位"),
        (AccountRole.ADMINISTRATOR, "csgl", "", "不能限定"),
        (AccountRole.SUPERVISOR, "csgl", "", "按辖区"),
    ],
)
def test_a_role_that_would_mean_nothing_is_refused(
    sqlite_world: World, role: AccountRole, unit: str, area: str, said: str
) -> None:
    world = sqlite_world
    grant = Grant(
        role, key(world, Unit, unit) if unit else None, key(world, Area, area) if area else None
    )
    who = key(world, Person, "bob")
    with pytest.raises(Trouble, match=said), acting(world.ledger) as connection:
        admin_accounts.add(connection, hand(world), who, "bob", [grant], "long enough now")


# -- routes, categories, calendars, policies ---------------------------------------------------


def lamp(place: str, **more: object) -> Draft:
    return Draft("1", place, "路灯不亮", **more)  # type: ignore[arg-type]


def test_a_new_route_lets_waiting_cases_go_to_their_unit(world: World) -> None:
    [answer] = world.hand_in(Draft("1", "滨河路1号", "垃圾桶满溢"))
    number = str(answer.case)
    assert (world.status(number), world.case(number).category_code) == ("undecided", "S0192")
    facts = RouteFacts("S01*", None, [(key(world, Unit, "csgl"), Role.LEAD)])
    admin_rules.add_route(world.ledger, hand(world), "bins", facts)
    assert reconsider(world.ledger, world.now)["dispatched"] == 1
    assert world.status(number) == "dispatched"


def test_a_route_that_ended_routes_nothing_from_that_day_on(world: World) -> None:
    [route] = [r for r in admin_rules.routes(world.ledger) if r.code == "lamps"]
    tried = course(world.ledger, known(world), lamp("滨河路3号"), world.now)
    assert tried.given is not None
    assert [name for name, _ in tried.given.units] == ["市住房和城乡建设局", "市城市管理局"]
    admin_rules.end_route(world.ledger, hand(world), route.id, date(2026, 9, 24))
    tried = course(world.ledger, known(world), lamp("滨河路3号"), world.now)
    assert tried.given is None
    assert "没有适用于" in tried.why.zh
    with pytest.raises(Trouble, match="已于"):
        admin_rules.end_route(world.ledger, hand(world), route.id, date(2026, 9, 30))


def test_where_a_finding_would_go_is_where_it_goes_and_asking_writes_nothing(world: World) -> None:
    tried = course(world.ledger, known(world), lamp("滨河路3号"), world.now)
    again = course(world.ledger, known(world), lamp("滨河路3号"), world.now)
    assert tried.answer == again.answer
    [answer] = world.hand_in(lamp("滨河路3号"))
    assert answer.outcome is tried.answer.outcome
    assert tried.given is not None
    assert clock(tried.given.due.due_at) == world.due(str(answer.case))
    world.now = instant("2026-09-24 16:00")
    same = Draft("1", "滨河路3号", "路灯不亮，夜里很暗")
    told = course(world.ledger, known(world), same, world.now)
    assert (told.answer.outcome.value, told.answer.case) == ("merged", answer.case)


@pytest.mark.parametrize(
    ("pattern", "units", "said"),
    [
        ("XX*", [("csgl", Role.LEAD)], "没有类别"),
        ("B01*", [("csgl", Role.ASSISTING)], "牵头单位"),
        ("B01*", [("csgl", Role.LEAD), ("csgl", Role.ASSISTING)], "只能出现一次"),
    ],
)
def test_a_route_that_could_never_work_is_refused(
    sqlite_world: World, pattern: str, units: list[tuple[str, Role]], said: str
) -> None:
    world = sqlite_world
    facts = RouteFacts(pattern, None, [(key(world, Unit, u), role) for u, role in units])
    with pytest.raises(Trouble, match=said):
        admin_rules.add_route(world.ledger, hand(world), "x", facts)


def test_a_limit_of_a_category_reaches_the_cases_that_go_by_it(world: World) -> None:
    with world.ledger.transaction() as connection:
        source = loading.shipped_policy("shuzi-chengguan")
        assert source is not None
        loading.load_policy(connection, source, world.now)
    [answer] = world.hand_in(lamp("滨河路3号"))
    number, before = str(answer.case), world.due(str(answer.case))
    row = admin_rules.category(world.ledger, world.case(number).category_code)
    facts = CategoryFacts("15 工作日", row.keywords, row.filing, row.closing)

    def change(*, dry_run: bool) -> list[str]:
        touched = admin_rules.change_category(
            world.ledger, hand(world), row.code, facts, dry_run=dry_run
        )
        return [one.case for one in touched]

    assert change(dry_run=True) == [number]
    assert (world.due(number), world.rows(Act)) == (before, [])
    assert change(dry_run=False) == [number]
    assert world.due(number) != before
    assert last(world).after == {"limit": "15 工作日"}
    assert world.proven()


def test_a_calendar_is_shown_before_it_is_put_in_force(world: World) -> None:
    world.now = instant("2026-12-30 15:00")
    [answer] = world.hand_in(lamp("滨河路3号", limit="5 工作日"))
    number, before = str(answer.case), world.due(str(answer.case))
    turned = admin_calendar.load(world.ledger, hand(world), NEXT_YEAR, dry_run=True)
    assert [one.case for one in turned.touched] == [number]
    assert (turned.years, turned.days[0].day) == ([2027], date(2027, 1, 1))
    assert 2027 not in {line.year for line in admin_calendar.years(world.ledger)}
    assert (world.due(number), world.case(number).provisional) == (before, True)
    admin_calendar.load(world.ledger, hand(world), NEXT_YEAR)
    assert not world.case(number).provisional
    assert str(last(world).deed) == "calendar.load"


def test_a_calendar_with_a_date_twice_is_refused(sqlite_world: World) -> None:
    twice = NEXT_YEAR + "2027-01-01,1,补班,国办发明电〔2026〕9号\n"
    with pytest.raises(Trouble, match="2027-01-01 写了两次"):
        admin_calendar.load(sqlite_world.ledger, hand(sqlite_world), twice)


OURS = "extends: chuangcheng\npolicy: ours\ntitle: 本市办法\nstages: {handle: {limit: 7 工作日}}\n"


def test_open_cases_keep_their_policy_unless_it_is_applied_to_them(world: World) -> None:
    [answer] = world.hand_in(lamp("滨河路3号"))
    number, before = str(answer.case), world.due(str(answer.case))
    world.bob.signs(number)
    tried = admin_policies.rehearse(world.ledger, hand(world), OURS, "正文")
    assert ([one.case for one in tried.moved], tried.touched, tried.pinned) == ([number], 1, 1)
    assert tried.moved[0].old_next_look != tried.moved[0].next_look
    other = OURS.replace("7 工作日", "3 工作日")  # what the case has already
    assert admin_policies.rehearse(world.ledger, hand(world), other, "正文").moved == []
    assert (len(world.rows(PolicyVersion)), world.rows(Act)) == (2, [])
    assert admin_policies.activate(world.ledger, hand(world), OURS, "正文") == []
    assert world.due(number) == before
    held = {line.name: (line.active, line.cases) for line in admin_policies.versions(world.ledger)}
    assert held["ours"] == (True, 0)
    assert held["chuangcheng"] == (False, 1)
    [touched] = admin_policies.activate(world.ledger, hand(world), OURS, "正文", reapply=True)
    assert (touched.case, world.due(number) != before) == (number, True)
    assert last(world).after["reapplied"] is True
    assert world.proven()


def test_a_policy_with_a_mistake_is_put_in_force_for_nobody(sqlite_world: World) -> None:
    wrong = OURS.replace("7 工作日", "sieben")
    with pytest.raises(PolicyTrouble, match="第 4 行"):
        admin_policies.activate(sqlite_world.ledger, hand(sqlite_world), wrong, "正文")
    assert len(sqlite_world.rows(PolicyVersion)) == 2
    assert sqlite_world.rows(Act) == []
