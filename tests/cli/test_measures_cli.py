"""The front desk on cards: what is proposed, what is recorded, what is decided against."""

from pathlib import Path

import pytest

from duban import session
from ledger import measures, sweeps
from tests.cli.conftest import Duban
from tests.world import instant

ROWS = "".join(f"人民路{n}号,垃圾桶满溢,市城管局,3工作日\n" for n in range(1, 4))
CSGL = "市城市管理局"


@pytest.fixture
def carded(town: Duban) -> Duban:
    """The small city, with three cases of one unit shown yellow and red, and an interview
    proposed."""
    Path("cards.csv").write_text(f"点位,存在问题,责任单位,整改时限\n{ROWS}", "utf-8")
    assert town("import", "cards.csv", "--at", "2026-10-12T10:00").status == 0
    ledger = session.opened()
    for at in (instant("2026-10-15 18:00"), instant("2026-10-20 18:00")):
        sweeps.follow_up(ledger, at)
        measures.propose(ledger, at)
    return town


INTERVIEW = (
    "--kind", "interview", "--document", "澄创督约〔2026〕3号", "--on", "2026-10-21",
    "--by", "Carol", "--why", "连续三次红牌", "--at", "2026-10-21T16:00",
)  # fmt: skip


def states(duban: Duban, *more: str) -> list[tuple[int, str, str]]:
    found = duban("proposals", "--json", *more).json["rows"]
    return [(row["id"], row["state"], row["document"]) for row in found]


def test_proposals_are_listed_for_people_and_as_one_document(carded: Duban) -> None:
    said = carded("proposals")
    for part in (CSGL, "约谈", "连续红牌", "2026-000003", "10-20 18:00", "待定"):
        assert part in said.out
    [row] = carded("proposals", "--json").json["rows"]
    assert (row["unit"], row["kind"], row["rule"]) == (CSGL, "interview", "reds_in_a_row")
    assert (row["case"], row["made_at"]) == ("2026-000003", "2026-10-20T18:00:00+08:00")
    assert states(carded, "--state", "recorded") == []


def test_an_interview_is_recorded_on_its_proposal(carded: Duban) -> None:
    said = carded("measure", "--proposal", 1, *INTERVIEW, "--person", "城管局负责人")
    assert (said.status, "澄创督约〔2026〕3号" in said.out) == (0, True)
    assert states(carded) == [(1, "recorded", "澄创督约〔2026〕3号")]
    assert "已处置 Carol 澄创督约〔2026〕3号" in carded("proposals").out
    assert "城管局负责人" in carded("case", "2026-000003").out


def test_a_document_number_used_before_is_refused_with_its_first_use(carded: Duban) -> None:
    assert carded("measure", "--case", "2026-000001", *INTERVIEW).status == 0
    said = carded("measure", "--case", "2026-000002", *INTERVIEW)
    assert (said.status, said.clear) == (1, True)
    assert "2026-000001" in said.err


def test_a_proposal_is_dismissed_with_a_reason(carded: Duban) -> None:
    said = carded("proposals", "dismiss", 1, "--by", "Carol", "--why", "已另行部署")
    assert (said.status, "不采纳" in said.out) == (0, True)
    assert states(carded) == [(1, "dismissed", "")]


def test_cards_are_a_table_of_units_within_a_time(carded: Duban) -> None:
    said = carded("cards")
    for part in (CSGL, "黄牌", "红牌", "连续红牌", "待定建议"):
        assert part in said.out
    [row] = carded("cards", "--json").json["rows"]
    assert row == {
        "unit": CSGL, "yellow": 3, "red": 3, "in_a_row": 0, "proposals": 1, "measures": 0,
    }  # fmt: skip
    [row] = carded("cards", "--since", "2026-10-16", "--until", "2026-10-21", "--json").json["rows"]
    assert (row["yellow"], row["red"]) == (0, 3)


def test_where_there_is_nothing_it_is_said_in_so_many_words(town: Duban) -> None:
    assert "没有处置建议" in town("proposals").out
    assert "没有单位得牌" in town("cards").out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("measure", *INTERVIEW), 2, "--proposal"),
        (("measure", "--proposal", "1", "--case", "2026-000001", *INTERVIEW), 2, "--case"),
        (("measure", "--proposal", "9", *INTERVIEW), 1, "没有编号为 9 的处置建议"),
        (("measure", "--case", "2026-9", *INTERVIEW), 1, "2026-9"),
        (("measure", "--proposal", "1", *INTERVIEW, "--on", "someday"), 2, "someday"),
        (("measure", "--proposal", "1", *INTERVIEW, "--on", "2026-10-22"), 1, "还没有到"),
        (("measure", "--proposal", "1", *INTERVIEW, "--document", " "), 1, "请写明文号"),
        (("proposals", "dismiss", "1", "--by", "Carol", "--why", " "), 1, "请写明理由"),
        (("proposals", "dismiss", "9", "--by", "Carol", "--why", "x"), 1, "duban proposals"),
        (("proposals", "dismiss", "1", "--by", "Carol"), 2, "--why"),
    ],
)
def test_what_cannot_be_is_one_clear_message(
    carded: Duban, arguments: tuple[str, ...], status: int, said: str
) -> None:
    answer = carded(*arguments)
    assert (answer.status, answer.clear) == (status, True)
    assert said in answer.err
    assert states(carded) == [(1, "open", "")]
