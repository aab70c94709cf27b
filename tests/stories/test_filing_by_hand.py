"""立案: where the policy says so a supervisor looks at every finding before it becomes a case."""

from models.finding import Draft
from tests.enacting import enact
from tests.world import World, refusal


def found(world: World) -> str:
    """One finding of Monday morning, on paper for 城管局, three days."""
    enact(world.at("2026-10-12 09:00"), "filing: hand")
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    assert (world.status(case), world.due(case)) == ("reported", None)
    assert world.told() == []
    return case


def test_filed_it_is_dispatched_the_same_round_and_has_its_time_from_then_on(
    world: World,
) -> None:
    case = found(world)
    assert world.at("2026-10-12 15:00").carol.files(case) == "filed"
    world.sweep()
    assert (world.status(case), world.due(case)) == ("dispatched", "2026-10-15 18:00")
    assert world.hears("bob", case, "路面积水")
    verbs = [record.verb for record in world.thread(case).records]
    assert verbs[-2:] == ["file", "dispatch"]
    world.at("2026-10-12 18:00").sweep()
    assert world.levels(case, stage="file") == []
    assert world.proven()


def test_filed_the_next_day_its_limit_begins_the_next_day(sqlite_world: World) -> None:
    world = sqlite_world
    case = found(world)
    world.at("2026-10-13 09:00").carol.files(case)
    world.sweep()
    assert world.due(case) == "2026-10-16 18:00"


def test_nobody_files_it_in_four_working_hours_and_the_office_is_told(world: World) -> None:
    case = found(world)
    world.at("2026-10-12 15:59").sweep()
    assert not world.hears("carol")
    world.at("2026-10-12 16:00").sweep()
    assert world.hears("carol", case, "超时未立案")
    [level] = world.levels(case, stage="file")
    assert (level.planned, level.told) == ("2026-10-12 16:00", ("Carol",))
    assert not world.hears("bob")
    assert world.carol.files(case) == "filed"
    assert world.proven()


def test_rejected_it_is_nobodys_case_and_the_reason_stands(sqlite_world: World) -> None:
    world = sqlite_world
    case = found(world)
    with refusal("请写明理由"):
        world.carol.rejects(case, " ")
    assert world.carol.rejects(case, "小区内部，不在创建范围") == "rejected"
    assert "不予立案：小区内部" in world.thread(case).records[-1].words
    with refusal("不予立案"):
        world.carol.files(case)
    world.at("2026-12-01 09:00").sweep()
    assert world.levels(case, stage="file") == []
    assert world.told() == []
    assert world.proven()


def test_two_findings_of_one_thing_become_one_case(world: World) -> None:
    case = found(world)
    other = world.report("人民路5号", "路面积水", limit="3天")
    assert world.carol.merges(other, case) == "merged"
    assert world.case(case).reports == 2
    world.carol.files(case)
    with refusal("已并案"):
        world.carol.files(other)
    world.sweep()
    assert [told.who for told in world.told()] == ["bob"]
    assert world.proven()


def test_seen_again_before_it_was_filed_it_joins_what_waits(sqlite_world: World) -> None:
    world = sqlite_world
    case = found(world)
    [answer] = world.hand_in(Draft("", "解放路12号", "路面有积水", units=("城管局",), limit="3天"))
    assert (answer.case, answer.outcome.value) == (case, "merged")
    assert (world.case(case).reports, world.status(case)) == (2, "reported")


def test_put_right_on_the_spot_it_is_closed_and_counted_without_a_clock(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = found(world)
    assert world.at("2026-10-12 10:20").alice.fixes_on_spot(case) == "closed"
    row = world.case(case)
    assert (row.late, row.due_at, row.verified_by) == (False, None, "Alice")
    world.at("2026-12-01 09:00").sweep()
    assert world.told() == []
    with refusal("从未交办", "重新上报"):
        world.carol.reopens(case)
    assert world.proven()


def test_a_category_given_by_hand_is_the_one_it_is_filed_under(sqlite_world: World) -> None:
    world = sqlite_world
    enact(world.at("2026-10-12 09:00"), "filing: hand")
    case = world.at("2026-10-12 10:00").report("解放路12号", "有异常", unit="")
    world.carol.files(case, category="B0123-2")
    assert world.case(case).category_code == "B0123-2"
    # Two routes fit what she filed it under: it waits for her again, now for a unit.
    world.sweep()
    assert world.status(case) == "undecided"
    assert world.hears("carol", "covers-1、covers-2")
