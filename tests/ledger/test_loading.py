"""Loading: reference data comes in whole or not at all, and what is wrong is named."""

from datetime import date

import pytest
import sqlalchemy as sa

from ledger import loading
from ledger.changes import table
from ledger.database import Ledger, connect
from ledger.reference import read
from models.calendar import CalendarDay, CalendarYear
from models.category import Category, Route, RouteUnit
from models.person import Channel, Duty, DutyKind
from models.policy import PolicyVersion
from models.unit import Area, Unit
from models.words import Trouble
from rules.policy import PolicyTrouble, Source
from tests.conftest import Databases
from tests.world import CITY, World, instant

SMALL = "city: {name: 澄岚市}\n"


def load(ledger: Ledger, text: str) -> None:
    with ledger.transaction() as connection:
        loading.load_city(connection, loading.parse_city(text, "city.yaml"))


def policy(ledger: Ledger, text: str, *, activate: bool = True) -> None:
    with ledger.transaction() as connection:
        loading.load_policy(
            connection,
            Source("办法.yaml", text),
            instant("2026-09-01 09:00"),
            activate=activate,
        )


def test_what_is_shipped_is_there(world: World) -> None:
    assert [row.year for row in world.rows(CalendarYear)] == list(range(2019, 2027))
    assert len(world.rows(Category)) >= 180
    versions = {row.name: row.active for row in world.rows(PolicyVersion)}
    assert versions == {"chuangcheng": True, "shuzi-chengguan": False}


def test_a_city_loaded_twice_is_the_same_city(world: World) -> None:
    tables = (Area, Unit, Route)
    before = [world.rows(model) for model in tables]
    load(world.ledger, CITY)
    assert [world.rows(model) for model in tables] == before
    with world.ledger.transaction() as connection:
        reference = read(connection)
    told = reference.directory.who(reference.unit("城管局"), DutyKind.CONTACT, world.now)
    assert [who.person for who in told] == ["Bob"]


def test_a_city_brought_up_to_date_keeps_its_cases(world: World) -> None:
    case = world.report("解放路12号", "路面积水")
    load(world.ledger, CITY.replace("name: 市城市管理局", "name: 市综合执法局"))
    assert world.thread(case).parts[0].name == "市综合执法局"


def test_a_person_who_changes_duty_has_only_the_new_one(world: World) -> None:
    load(world.ledger, CITY.replace("[{unit: csgl, duty: contact}]", "[{unit: zjj, duty: 联络员}]"))
    with world.ledger.transaction() as connection:
        reference = read(connection)
    find = reference.directory.who
    assert find(reference.unit("城管局"), DutyKind.CONTACT, world.now) == ()
    names = [who.person for who in find(reference.unit("住建局"), DutyKind.CONTACT, world.now)]
    assert sorted(names) == ["Bob", "住建局联络员"]


def test_the_paths_of_areas_lead_from_the_root(world: World) -> None:
    areas = {row.code: row for row in world.rows(Area)}
    assert areas["east"].path == f"{areas['city'].path}{areas['east'].id}/"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{SMALL}areas: [{{code: a, name: 甲, parent: b}}, {{code: b, name: 乙, parent: a}}]",
         ("成环", "a → b → a")),
        (f"{SMALL}units: [{{code: a, name: 甲, kind: office, parent: a}}]", ("成环", "a → a")),
        (f"{SMALL}units: [{{code: a, name: 甲, kind: office, parent: none}}]", ("none",)),
        (f"{SMALL}units: [{{code: a, name: 甲, kind: office, area: nowhere}}]", ("nowhere",)),
        (f"{SMALL}units: [{{code: a, name: 甲, kind: circus}}]", ("city.yaml", "units.0.kind")),
        (f"{SMALL}people: [{{code: p, name: Alice, duties: [{{unit: x, duty: head}}]}}]", ("x",)),
        (f"{SMALL}routes: [{{code: r, lead: nobody}}]", ("nobody",)),
        (f"{SMALL}unit: []", ("city.yaml", "unit")),
        ("units: []", ("city.yaml", "city")),
        ("city: [unclosed", ("city.yaml", "YAML")),
        ("", ("city.yaml",)),
        ("- a\n- b\n", ("city.yaml",)),
        ("city: {name: 澄岚市, zone: Mars/Olympus}", ("Mars/Olympus",)),
        ('city: {name: 澄岚市, hours: {"0": [["18:00", "08:00"]]}}', ("18:00",)),
        ('city: {name: 澄岚市, hours: {"9": [["08:00", "12:00"]]}}', ("9",)),
        ('city: {name: 澄岚市, hours: {}}', ("hours",)),
        ('city: {name: 澄岚市, hours: {"0": [["8", "12:00"]]}}', ("'8'",)),
        ('city: {name: 澄岚市, hours: {"monday": [["08:00", "12:00"]]}}', ("monday",)),
        ("city: {name: 澄岚市, zone: ../../etc/passwd}", ("passwd",)),
    ],
)  # fmt: skip
def test_a_bad_city_is_refused_whole_and_what_is_wrong_is_named(
    sqlite_world: World, text: str, said: tuple[str, ...]
) -> None:
    tables = (Area, Unit, Route, RouteUnit, Duty, Channel)
    before = [sqlite_world.rows(model) for model in tables]
    with pytest.raises(Trouble) as caught:
        load(sqlite_world.ledger, text)
    words = caught.value.words
    assert [part for part in said if part not in words.zh or part not in f"{words.en}成环"] == []
    assert [sqlite_world.rows(model) for model in tables] == before
    sqlite_world.report("解放路12号", "路面积水")


def test_a_year_of_the_calendar_is_replaced_whole(world: World) -> None:
    text = (
        "date,workday,name,source\n2026-10-01,0,国庆节,更正通知\n2026-10-11,1,国庆节调休,更正通知\n"
    )
    with world.ledger.transaction() as connection:
        assert loading.load_calendar(connection, text) == [2026]
    days = [row.day for row in world.rows(CalendarDay) if row.year == 2026]
    assert days == [date(2026, 10, 1), date(2026, 10, 11)]
    assert {row.year for row in world.rows(CalendarDay)} == set(range(2019, 2027))
    case = world.at("2026-09-30 09:00").report("解放路12号", "路面积水", limit="2天")
    assert world.due(case) == "2026-10-05 18:00"


def test_a_holiday_that_begins_in_december_leaves_the_rest_of_that_year_alone(
    world: World,
) -> None:
    before = [row.day for row in world.rows(CalendarDay) if row.year == 2026]
    text = (
        "date,workday,name,source\n2026-12-31,0,元旦,2027年通知\n2027-01-01,0,元旦,2027年通知\n"
        "2027-02-06,0,春节,2027年通知\n2028-01-01,0,元旦,2027年通知\n"
    )
    with world.ledger.transaction() as connection:
        assert loading.load_calendar(connection, text) == [2027]
    days = [row.day for row in world.rows(CalendarDay) if row.year == 2026]
    assert days == [*before, date(2026, 12, 31)]
    sources = {row.year: row.source for row in world.rows(CalendarYear)}
    assert (sources[2027], 2028 in sources) == ("2027年通知", False)
    assert "2026年" in sources[2026]
    assert "2022年" in sources[2022]


def test_a_table_of_new_years_days_alone_takes_no_other_day_away(world: World) -> None:
    before = [row.day for row in world.rows(CalendarDay) if row.year == 2026]
    text = "date,workday,name,source\n2026-12-31,0,元旦,补充通知\n"
    with world.ledger.transaction() as connection:
        assert loading.load_calendar(connection, text) == [2026]
    days = [row.day for row in world.rows(CalendarDay) if row.year == 2026]
    assert days == [*before, date(2026, 12, 31)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "date,workday\n2027-01-01,0\n",
        "date,workday,name,source\n2027年1月1日,0,元旦,国办\n",
        "date,workday,name,source\n2027-01-01,休,元旦,国办\n",
    ],
)
def test_a_bad_calendar_changes_nothing(sqlite_world: World, text: str) -> None:
    before = sqlite_world.rows(CalendarDay)
    with pytest.raises(Trouble), sqlite_world.ledger.transaction() as connection:
        loading.load_calendar(connection, text)
    assert sqlite_world.rows(CalendarDay) == before


HEAD = "code,kind,major,minor,filing,closing,limit,keywords,source\n"


@pytest.mark.parametrize(
    "text",
    [
        "code,kind\nX1,部件\n",
        HEAD + "X1,妖怪,公用设施,井盖,丢失,补齐,2 工作日,井盖,自定\n",
        HEAD + "X1,部件,公用设施,井盖,丢失,补齐,尽快,井盖,自定\n",
    ],
)
def test_a_bad_catalogue_changes_nothing(sqlite_world: World, text: str) -> None:
    before = sqlite_world.rows(Category)
    with pytest.raises(Trouble), sqlite_world.ledger.transaction() as connection:
        loading.load_catalogue(connection, text)
    assert sqlite_world.rows(Category) == before


def test_a_category_of_ones_own_is_added_beside_the_shipped_ones(world: World) -> None:
    before = len(world.rows(Category))
    with world.ledger.transaction() as connection:
        line = "X1,事件,自定,放生池,有人放生,劝离,2 工作日,放生池|放生,本市\n"
        assert loading.load_catalogue(connection, HEAD + line) == 1
    assert len(world.rows(Category)) == before + 1


SHORT = "extends: chuangcheng\npolicy: short\ntitle: 短\nstages:\n  handle:\n    limit: 1 工作日\n"


def test_a_policy_is_a_version_and_loading_the_same_text_again_is_no_new_one(world: World) -> None:
    policy(world.ledger, SHORT)
    policy(world.ledger, SHORT)
    rows = [(row.name, row.active) for row in world.rows(PolicyVersion)]
    assert rows == [("chuangcheng", False), ("shuzi-chengguan", False), ("short", True)]


def test_an_open_case_keeps_the_policy_it_was_dispatched_by(world: World) -> None:
    before = world.at("2026-09-24 15:00").report("解放路12号", "路面积水")
    policy(world.ledger, SHORT)
    after = world.report("解放路13号", "垃圾未清运")
    assert (world.due(before), world.due(after)) == ("2026-09-30 18:00", "2026-09-28 18:00")
    world.bob.signs(before)
    world.at("2026-09-28 18:00").sweep()
    assert (world.levels(before), len(world.levels(after))) == ([], 1)


def test_a_policy_can_be_kept_without_being_put_in_force(world: World) -> None:
    policy(world.ledger, SHORT, activate=False)
    assert [row.active for row in world.rows(PolicyVersion)] == [True, False, False]


def test_a_bad_policy_names_file_line_and_field_and_the_old_one_stays(
    sqlite_world: World,
) -> None:
    bad = SHORT.replace("1 工作日", "-1 工作日")
    with pytest.raises(PolicyTrouble) as caught:
        policy(sqlite_world.ledger, bad)
    assert "办法.yaml 第 6 行，stages.handle.limit" in caught.value.words.zh
    assert "办法.yaml, line 6, stages.handle.limit" in caught.value.words.en
    assert [row.active for row in sqlite_world.rows(PolicyVersion)] == [True, False]


def test_two_units_of_one_name_are_refused_and_named(sqlite_world: World) -> None:
    unit = "{{code: {}, name: 甲, kind: office}}"
    twice = f"{SMALL}units: [{unit.format('a')}, {unit.format('b')}]"
    with pytest.raises(Trouble, match="甲"):
        load(sqlite_world.ledger, twice)


BARE = "city: {name: 本市}\nunits: [{code: bare, name: 市创城办, kind: office}]\n"


def test_a_unit_known_by_its_name_under_another_code_is_the_same_unit(
    databases: Databases,
) -> None:
    ledger = connect(databases("sqlite"))
    load(ledger, BARE)
    load(ledger, CITY)
    with ledger.transaction() as connection:
        found = connection.execute(sa.select(table(Unit)).where(table(Unit).c.kind == "office"))
        assert [(row.id, row.code, row.name) for row in found] == [(1, "office", "市创城办")]
    ledger.engine.dispose()


def test_a_unit_cannot_take_the_code_of_another(sqlite_world: World) -> None:
    taken = f"{SMALL}units: [{{code: zjj, name: 市城市管理局, kind: office}}]"
    with pytest.raises(Trouble, match="zjj 已属于市住房和城乡建设局"):
        load(sqlite_world.ledger, taken)


def test_one_alias_of_two_units_is_refused_and_named(sqlite_world: World) -> None:
    unit = "{{code: {0}, name: {0}局, kind: office, aliases: [园林处]}}"
    twice = f"{SMALL}units: [{unit.format('甲')}, {unit.format('乙')}]"
    with pytest.raises(Trouble, match="园林处"):
        load(sqlite_world.ledger, twice)


def test_one_code_twice_is_refused_and_named(sqlite_world: World) -> None:
    unit = "{{code: a, name: {}, kind: office}}"
    twice = f"{SMALL}units: [{unit.format('甲')}, {unit.format('乙')}]"
    with pytest.raises(Trouble, match="a"):
        load(sqlite_world.ledger, twice)


def test_somebody_no_longer_active_is_told_nothing(sqlite_world: World) -> None:
    from models.person import Person

    people = table(Person)
    with sqlite_world.ledger.transaction() as connection:
        connection.execute(sa.update(people).where(people.c.code == "bob").values(active=False))
    sqlite_world.report("解放路12号", "路面积水")
    sqlite_world.sweep()
    assert sqlite_world.told("bob") == []
