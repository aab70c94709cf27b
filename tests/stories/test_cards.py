"""Yellow card, red card, three red cards: what the engine proposes, and what Carol decides."""

from datetime import date

from ledger import measures
from models.measure import Measure, MeasureKind, ProposalState
from models.verb import Verb
from tests.world import World, moved, refusal

CSGL = "市城市管理局"
YELLOW, RED, LEVEL_4 = "2026-10-15 18:00", "2026-10-20 18:00", "2026-10-22 18:00"


def three_cases(world: World, at: str = "2026-10-12 10:00") -> list[str]:
    """Three cases of 城管局, handed out on a Monday morning and due on Thursday evening."""
    world.at(at)
    return [
        world.report(place, "路面积水", limit="3天")
        for place in ("解放路12号", "人民路3号", "建设路8号")
    ]


def shown(world: World) -> list[tuple[str, int, int]]:
    """Yellow and red cards by unit."""
    return [(row.unit, row.yellow, row.red) for row in measures.cards(world.ledger)]


def proposed(world: World, state: ProposalState | None = None) -> list[str]:
    """The rules by which measures are proposed."""
    return [row.rule for row in measures.proposals(world.ledger, state)]


def test_the_ladder_shows_yellow_then_red(world: World) -> None:
    world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-15 17:59").sweep()
    assert shown(world) == []
    world.at(YELLOW).sweep()
    assert shown(world) == [(CSGL, 1, 0)]
    world.at("2026-10-16 18:00").sweep()
    assert shown(world) == [(CSGL, 1, 0)]
    world.at(RED).sweep()
    assert shown(world) == [(CSGL, 1, 1)]
    # One late case calls for no interview.
    assert proposed(world) == []


def test_no_card_stays_with_the_unit_whose_return_was_upheld(world: World) -> None:
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面塌陷", limit="3天")
    world.bob.sends_back(case, "道路由住建局养护")
    world.at(YELLOW).sweep()
    assert shown(world) == [(CSGL, 1, 0)]
    world.at("2026-10-16 09:00").carol.upholds(case, "住建局", why="道路由住建局养护")
    assert shown(world) == []
    # The right unit has three working days of its own, and then a card of its own.
    world.at("2026-10-21 18:00").sweep()
    assert shown(world) == [("市住房和城乡建设局", 1, 0)]


def test_three_red_cards_in_a_row_lead_to_an_interview_that_carol_records(world: World) -> None:
    numbers = three_cases(world)
    for at in (YELLOW, "2026-10-16 18:00", RED):
        world.at(at).sweep()
    assert proposed(world, ProposalState.OPEN) == ["reds_in_a_row"]
    assert world.hears("carol", "建议约谈市城市管理局", *numbers)
    assert not world.hears("bob", "约谈")
    assert not world.hears("mallory", "约谈")

    # Looking again proposes nothing again, and by itself nothing is decided.
    world.at("2026-10-21 09:00").sweep()
    assert proposed(world) == ["reds_in_a_row"]
    assert world.rows(Measure) == []

    [proposal] = measures.proposals(world.ledger)
    world.at("2026-10-22 10:00")
    moved(
        measures.record_measure(
            world.ledger, kind=MeasureKind.INTERVIEW, document="澄创督约〔2026〕3号",
            held_on=date(2026, 10, 22), reason=proposal.reason, at=world.now, actor="Carol",
            proposal=proposal.id, person="城管局负责人",
        )
    )  # fmt: skip
    assert proposed(world, ProposalState.OPEN) == []
    record = world.thread(proposal.case).records[-1]
    assert (record.verb, record.actor) == (Verb.MEASURE, "Carol")
    for said in ("约谈", CSGL, "城管局负责人", "澄创督约〔2026〕3号"):
        assert said in record.words
    assert world.proven()


def test_one_case_put_right_on_time_in_between_breaks_the_row(world: World) -> None:
    world.at("2026-10-12 10:00")
    for place in ("解放路12号", "人民路3号"):
        world.report(place, "路面积水", limit="3天")
    world.at("2026-10-13 10:00").report("建设路8号", "路面积水", limit="3天")
    good = world.at("2026-10-19 10:00").report("和平路5号", "垃圾满溢", limit="3天")
    for at in (YELLOW, "2026-10-16 18:00", RED):
        world.at(at).sweep()
    assert [row.in_a_row for row in measures.cards(world.ledger)] == [2]

    world.at("2026-10-21 10:00").bob.signs(good)
    world.bob.submits(good, "垃圾已清运")
    world.at("2026-10-21 18:00").sweep()
    assert shown(world) == [(CSGL, 3, 3)]
    assert [row.in_a_row for row in measures.cards(world.ledger)] == [1]
    assert proposed(world) == []


def test_three_cases_far_overdue_within_thirty_days_are_proposed_by_their_own_rule(
    world: World,
) -> None:
    world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-19 10:00")
    later = [world.report(place, "路面积水", limit="3天") for place in ("人民路3号", "建设路8号")]
    # Put right in between, so that the red cards make no row.
    good = world.at("2026-10-21 10:00").report("和平路5号", "垃圾满溢", limit="3天")
    for day in range(15, 29):
        world.at(f"2026-10-{day} 18:00").sweep()
        if day == 22:
            world.bob.signs(good)
            world.bob.submits(good, "垃圾已清运")
    assert proposed(world) == []
    world.at("2026-10-29 18:00").sweep()
    assert proposed(world) == ["late_times"]
    assert world.hears("carol", "建议约谈市城市管理局", "4 级以上", *later)


def test_carol_may_decide_otherwise_but_must_say_why(world: World) -> None:
    three_cases(world)
    for at in (YELLOW, RED):
        world.at(at).sweep()
    [proposal] = measures.proposals(world.ledger)
    world.at("2026-10-21 09:00")
    with refusal("请写明理由"):
        moved(measures.dismiss(world.ledger, proposal.id, "", world.now, "Carol"))
    moved(measures.dismiss(world.ledger, proposal.id, "暴雨应急期间", world.now, "Carol"))
    assert proposed(world, ProposalState.DISMISSED) == ["reds_in_a_row"]
    assert "不采纳处置建议" in world.thread(proposal.case).records[-1].words
    # The same three are not proposed again.
    world.at("2026-10-21 18:00").sweep()
    assert proposed(world, ProposalState.OPEN) == []


def test_the_engine_proposes_and_decides_nothing(world: World) -> None:
    numbers = three_cases(world)
    for at in (YELLOW, "2026-10-16 18:00", RED, LEVEL_4, "2026-10-29 18:00", "2026-11-30 18:00"):
        world.at(at).sweep()
    assert proposed(world, ProposalState.OPEN) == ["reds_in_a_row", "late_times"]
    assert world.rows(Measure) == []
    assert {world.status(number) for number in numbers} == {"dispatched"}
    told = {told.who for told in world.told() if "建议约谈" in told.body}
    assert told == {"carol"}
