"""The campaign is behind: in the middle of it the office tightens the policy for what is open."""

from ledger import loading
from ledger.recompute import Retimed, load_and_recompute, preview
from rules.policy import Source
from tests.world import World, clock

TIGHTER = """extends: chuangcheng
policy: sprint
title: 冲刺阶段督办办法
stages:
  handle: {limit: 1 工作日}
rework: 1 工作日
"""
CAUSE = "重新适用《冲刺阶段督办办法》"


def tighten(world: World, *, dry_run: bool = False, reapply: bool = True) -> list[Retimed]:
    """The office takes the tighter policy into use, for open cases too."""
    source = Source("冲刺.yaml", TIGHTER)
    return (preview if dry_run else load_and_recompute)(
        world.ledger,
        lambda connection: loading.load_policy(connection, source, world.now),
        world.now,
        CAUSE,
        reapply=reapply,
    )[1]


def test_a_policy_tightened_in_the_middle_of_the_campaign_is_applied_to_what_is_open(
    world: World,
) -> None:
    world.at("2026-10-12 10:00")
    late = world.report("解放路12号", "某处不妥")
    on_paper = world.report("解放路14号", "某处不妥", limit="5天")
    handed_in = world.report("解放路16号", "某处不妥")
    for case in (late, on_paper, handed_in):
        world.bob.signs(case)
    world.at("2026-10-13 17:00").bob.submits(handed_in)
    world.sweep()
    assert world.due(late) == "2026-10-15 18:00"

    # Carol looks first what it would do; nothing is written by looking.
    world.at("2026-10-14 09:00")
    foreseen = tighten(world, dry_run=True)
    assert world.due(late) == "2026-10-15 18:00"

    done = tighten(world)
    assert done == foreseen
    moved = {one.case: (clock(one.old_due), clock(one.due)) for one in done}
    assert moved == {
        late: ("2026-10-15 18:00", "2026-10-13 18:00"),
        on_paper: ("2026-10-19 18:00", "2026-10-19 18:00"),
        handed_in: ("2026-10-15 18:00", "2026-10-15 18:00"),
    }
    record = world.thread(late).records[-1]
    assert record.words == (
        f"重算时限（{CAUSE}）：改按《冲刺阶段督办办法》办理，时限由3 工作日改为1 工作日"
        "（督办办法），整改到期由 2026-10-15 18:00 改为 2026-10-13 18:00。"
    )

    # What it has reached by the new limit is carried out once; the unit knows why.
    world.sweep()
    assert world.hears("bob", "解放路12号", CAUSE)
    assert [(level.level, level.at) for level in world.levels(late)] == [(1, "2026-10-14 09:00")]
    assert world.at("2026-10-14 09:10").sweep()["escalated"] == 0

    # What was handed in in time stays in time; failing, it gets the tighter rework limit.
    assert (world.case(handed_in).late, world.levels(handed_in)) == (False, [])
    world.alice.fails(handed_in)
    assert world.due(handed_in) == "2026-10-15 18:00"
    assert world.case(handed_in).limit == "1 工作日"
    assert world.proven()


def test_without_being_applied_again_the_tighter_policy_is_for_what_comes_after(
    world: World,
) -> None:
    before = world.at("2026-10-12 10:00").report("解放路12号", "某处不妥")
    assert tighten(world, reapply=False) == []
    after = world.report("解放路14号", "某处不妥")
    assert (world.due(before), world.due(after)) == ("2026-10-15 18:00", "2026-10-13 18:00")
