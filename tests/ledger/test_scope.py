"""可见范围: what is out of scope does not exist; who is concerned may do what the table gives."""

import pytest
import sqlalchemy as sa

from ledger import desk
from ledger.changes import table
from ledger.desk.matter import OVERTAKEN
from ledger.lists import Order, Wanted, page
from ledger.reference import read
from ledger.scope import Missing, case_for, concerns, visible
from ledger.watching import NotYours, Watched
from models.account import AccountRole
from models.unit import Area
from models.verb import Verb
from rules.lifecycle import Refused
from rules.permission import Concern, Grant, Viewer
from tests.world import World

R = AccountRole


def _viewer(world: World, *grants: Grant, person: int = 999, case: int | None = None) -> Viewer:
    return Viewer(person, "someone", grants=grants, case_id=case)


def _unit(world: World, name: str) -> int:
    with world.ledger.transaction() as connection:
        found = read(connection).unit(name)
    assert found is not None
    return found


def _area(world: World, code: str) -> int:
    with world.ledger.transaction() as connection:
        rows = table(Area)
        return int(connection.execute(sa.select(rows.c.id).where(rows.c.code == code)).scalar_one())


def _sees(world: World, viewer: Viewer) -> list[str]:
    found = page(world.ledger, viewer, Wanted(order=Order.NEWEST)).lines
    return sorted(line.number for line in found)


def test_a_unit_sees_its_own_cases_and_those_it_assists(world: World) -> None:
    lead = world.report("新桥大道", "垃圾未清", unit="城管局")
    assisting = world.report("云湖路", "路灯不亮", unit="住建局、城管局")
    world.report("听涛路", "井盖缺失", unit="住建局")
    bob = _viewer(world, Grant(R.CONTACT, _unit(world, "城管局")))
    assert _sees(world, bob) == [lead, assisting]


def test_a_case_that_passed_to_another_unit_is_gone_from_the_first(world: World) -> None:
    number = world.report("新桥大道", "垃圾未清", unit="城管局")
    bob = _viewer(world, Grant(R.CONTACT, _unit(world, "城管局")))
    world.raw(desk.transfer, number, ["住建局"], "不属城管")
    assert _sees(world, bob) == []


def test_a_head_of_an_upper_unit_sees_those_below(world: World) -> None:
    number = world.report("新桥大道", "垃圾未清", unit="城管局")
    office = _viewer(world, Grant(R.HEAD, _unit(world, "市创城办")))
    assert _sees(world, office) == [number]


def test_a_supervisor_of_a_district_sees_its_area_only(world: World) -> None:
    west = world.report("新桥大道", "垃圾未清", area="西岚区")
    east = world.report("揽月路", "垃圾未清", area="东澄区")
    nowhere = world.report("某处", "垃圾未清")
    mallory = _viewer(world, Grant(R.SUPERVISOR, None, _area(world, "west")))
    city = _viewer(world, Grant(R.SUPERVISOR, None, _area(world, "city")))
    assert _sees(world, mallory) == [west]
    assert _sees(world, city) == sorted([west, east, nowhere])
    assert _sees(world, _viewer(world, Grant(R.SUPERVISOR))) == sorted([west, east, nowhere])


def test_an_inspector_sees_what_waits_to_be_verified_in_the_area(world: World) -> None:
    number = world.report("新桥大道", "垃圾未清", area="西岚区")
    alice = _viewer(world, Grant(R.INSPECTOR, None, _area(world, "west")))
    assert _sees(world, alice) == []
    world.raw(desk.acknowledge, number)
    world.raw(desk.submit, number, "已清理")
    assert _sees(world, alice) == [number]
    assert _sees(world, _viewer(world, Grant(R.INSPECTOR, None, _area(world, "east")))) == []


def test_an_administrator_sees_no_case(world: World) -> None:
    world.report("新桥大道", "垃圾未清")
    assert _sees(world, _viewer(world, Grant(R.ADMINISTRATOR))) == []
    assert _sees(world, _viewer(world)) == []


def test_a_viewer_by_link_sees_one_case(world: World) -> None:
    number, _ = world.report("新桥大道", "垃圾未清"), world.report("云湖路", "路灯不亮")
    assert _sees(world, _viewer(world, case=world.case(number).id)) == [number]


def test_a_case_out_of_scope_and_no_case_get_the_same_words(world: World) -> None:
    number = world.report("揽月路", "垃圾未清", area="东澄区")
    mallory = _viewer(world, Grant(R.SUPERVISOR, None, _area(world, "west")))
    with world.ledger.transaction() as connection:
        with pytest.raises(Missing) as foreign:
            case_for(connection, mallory, number)
        with pytest.raises(Missing) as none:
            case_for(connection, mallory, "2026-999999")
    assert foreign.value.words.zh.replace(number, "N") == none.value.words.zh.replace(
        "2026-999999", "N"
    )


def test_the_lead_signs_and_an_assisting_unit_does_not(world: World) -> None:
    number = world.report("云湖路", "路灯不亮", unit="住建局、城管局")
    bob = _viewer(world, Grant(R.CONTACT, _unit(world, "城管局")))
    case = world.case(number)
    with world.ledger.transaction() as connection:
        assert concerns(connection, bob, case) == {Concern.ASSISTING}
    watched = Watched(world.ledger.engine, bob, number, {Verb.ACKNOWLEDGE})
    with pytest.raises(NotYours):
        desk.acknowledge(watched, number, world.now, "Bob")
    assert world.case(number).status == "dispatched"


def test_a_page_looked_at_before_somebody_else_acted_moves_nothing(world: World) -> None:
    number = world.report("新桥大道", "垃圾未清", unit="城管局")
    bob = _viewer(world, Grant(R.CONTACT, _unit(world, "城管局")))
    looked_at = world.case(number).version
    world.raw(desk.acknowledge, number)
    watched = Watched(world.ledger.engine, bob, number, {Verb.SUBMIT}, looked_at)
    assert desk.submit(watched, number, "已清理", world.now, "Bob") == Refused(OVERTAKEN)
    assert world.case(number).status == "in_progress"


def test_the_list_turns_its_pages_without_losing_or_doubling_a_case(world: World) -> None:
    numbers = [world.report(f"{n}号", "垃圾未清", unit="城管局") for n in range(7)]
    numbers += [world.report(f"{n}号院", "垃圾未清", unit="") for n in range(4)]
    carol = _viewer(world, Grant(R.SUPERVISOR))
    for order in Order:
        seen, after = [], ""
        while True:
            shown = page(world.ledger, carol, Wanted(order=order), after, size=3)
            seen += [line.number for line in shown.lines]
            after = shown.after
            if not after:
                break
        assert sorted(seen) == sorted(numbers)


def test_what_is_due_first_comes_first_and_what_has_no_deadline_last(world: World) -> None:
    late = world.report("甲路", "垃圾未清", unit="城管局", limit="5 工作日")
    soon = world.report("乙路", "垃圾未清", unit="城管局", limit="1 工作日")
    undecided = world.report("丙路", "说不清的事", unit="")
    carol = _viewer(world, Grant(R.SUPERVISOR))
    shown = [line.number for line in page(world.ledger, carol, Wanted()).lines]
    assert shown == [soon, late, undecided]


def test_visible_of_nobody_is_false(world: World) -> None:
    with world.ledger.transaction() as connection:
        assert str(visible(connection, _viewer(world)).compile()) in ("false", "0 = 1")
