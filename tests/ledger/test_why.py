"""Why the last level was reached: its rule, its instants, whom it told; and what was skipped."""

from tests.ledger.explaining import closed, explained, signed
from tests.world import World, clock


def test_the_last_level_says_its_rule_its_instants_and_whom_it_told(world: World) -> None:
    case = signed(world)
    world.at("2026-09-30 18:00").sweep()
    world.at("2026-10-08 18:05").sweep()
    said = explained(world, case, "2026-10-08 19:00")
    last = said.last_level
    assert (last["level"], last["card"]) == (2, "")
    assert (clock(last["due_at"]), clock(last["planned_at"])) == (
        "2026-09-30 18:00", "2026-10-08 18:00",
    )  # fmt: skip
    assert [who["person"] for who in last["recipients"]] == ["城管局分管领导", "城管局负责人"]
    for part in (
        "最近一次升级：督办升级，2 级“分管领导督办单”",
        "整改的到期时间是 2026-09-30（周三）18:00",
        "逾期 1 工作日还没有办完，升到 2 级，告知分管领导、单位负责人",
        "应于 2026-10-08（周四）18:00 执行，实际于 2026-10-08（周四）18:05 执行",
    ):
        assert part in said.letter, part
    english = explained(world, case, "2026-10-08 19:00", "en").letter
    assert "1 working day overdue and still not done, so level 2 is reached" in english
    # At the first level nothing was known of the second.
    first = explained(world, case, "2026-09-30 18:30")
    assert (first.last_level["level"], first.last_level["card"]) == (1, "yellow")
    assert "黄牌" in first.letter


def test_the_due_instant_of_a_level_is_the_one_it_counted_from(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-30 18:00").sweep()
    world.at("2026-10-08 09:00").bob.submits(case)
    world.at("2026-10-09 09:00").alice.fails(case)
    said = explained(world, case, "2026-10-09 10:00")
    assert clock(said.due_at) == "2026-10-12 18:00"
    assert clock(said.last_level["due_at"]) == "2026-09-30 18:00"


def test_a_skipped_level_says_why_it_was_skipped(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-10-10 09:00").sweep()
    said = explained(world, case, "2026-10-10 09:00")
    outcomes = [(row["level"], row["outcome"].value) for row in said.fired if row["level"]]
    assert outcomes == [(1, "skipped: catch-up"), (2, "carried_out")]
    assert said.last_level["level"] == 2
    line = next(x for x in said.letter.splitlines() if "1 级“单位负责人督办”" in x)
    assert "跳过，没有告知" in line


def test_a_level_that_found_nobody_says_so(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.at("2026-09-24 15:00").report(
        "北坡路2号", "路面积水", unit="北坡社区", limit="3天"
    )
    world.at("2026-09-30 18:00").sweep()
    letter = explained(world, case, "2026-09-30 18:00").letter
    assert "无人在岗" in letter.partition("至此已经催办")[2]


def test_a_relapse_says_that_its_levels_come_sooner_and_why(sqlite_world: World) -> None:
    world = sqlite_world
    closed(world)
    case = world.at("2026-10-09 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    said = explained(world, case, "2026-10-09 10:00")
    assert said.last_level["rule"] == "提级"
    assert "本案督办提高了 1 级（反弹：同一处同类问题销号后又出现）" in said.letter
    assert "不等时间，当即执行" in said.letter
    assert "由上级单位牵头" not in said.letter
    world.at("2026-10-13 18:00").sweep()
    later = explained(world, case, "2026-10-13 18:00")
    assert later.last_level["level"] == 2
    assert "所以“到期”时就升到 2 级" in later.letter


def test_of_levels_reached_at_one_instant_the_highest_is_explained(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-29 10:00").bob.sends_back(case)
    world.at("2026-10-08 18:00").sweep()
    said = explained(world, case, "2026-10-08 18:00")
    reached = {(row["stage"].value, row["level"]) for row in said.fired if row["level"]}
    assert {("handle", 2), ("rule", 1)} <= reached
    assert (said.last_level["stage"].value, said.last_level["level"]) == ("handle", 2)


def test_a_case_that_was_taken_over_says_that_this_raised_it(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").carol.takes_over(case, "市创城办")
    world.sweep()
    letter = explained(world, case, "2026-09-28 10:00").letter
    assert "本案督办提高了 1 级（提级办理：由上级单位牵头）" in letter
