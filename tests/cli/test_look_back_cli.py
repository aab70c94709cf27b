"""回头看 at the command line: a draw that prints its seed, what waits, what came back."""

from pathlib import Path

import pytest

from tests.cli.conftest import CITY, Duban

INSPECTOR = """
  - {code: one, name: 检查员甲, channels: ["folder://one"], duties: [{unit: cjb, duty: inspector}]}
"""
PAPER = "点位,存在问题,责任单位,整改时限\n" + "".join(
    f"人民路{n}号,垃圾桶满溢,市城管局,3工作日\n" for n in range(1, 11)
)
CLOSED = "2026-09-24T16:00"
MORNING = ("--at", "2026-09-28T06:30")


@pytest.fixture
def inspected(town: Duban, tmp_path: Path) -> Duban:
    """A small town with an inspector, where ten cases were put right, and verified by Alice."""
    city = tmp_path / "检查员.yaml"
    city.write_text(CITY.replace("people:\n", f"people:{INSPECTOR}"), "utf-8")
    paper = tmp_path / "台账.csv"
    paper.write_text(PAPER, "utf-8")
    town("load", city)
    answers = town("import", paper, "--at", "2026-09-24T15:00", "--json").json["rows"]
    for number in (answer["case"] for answer in answers):
        town("do", "acknowledge", number, "--by", "Bob", "--at", CLOSED)
        town("do", "submit", number, "--by", "Bob", "--text", "已清运", "--at", CLOSED)
        assert town("do", "verify", number, "--by", "Alice", "--pass", "--at", CLOSED).status == 0
    return town


def test_a_draw_prints_its_seed_and_with_it_can_be_repeated(inspected: Duban) -> None:
    drawn = inspected("look-back", "draw", *MORNING, "--json").json
    assert (drawn["population"], drawn["drawn"], drawn["rate"]) == (10, 1, "1/10")
    (row,) = drawn["rows"]
    assert (row["inspector"], row["due_at"]) == ("检查员甲", "2026-10-29T00:00:00+08:00")
    assert len(drawn["among"]) == 10
    more = ("--seed", drawn["seed"], "--dry-run", "--json")
    again = inspected("look-back", "draw", *MORNING, *more).json
    assert (again["rows"], again["among"]) == (drawn["rows"], drawn["among"])


def test_a_dry_run_is_said_to_be_one_and_leaves_everything_to_the_draw(inspected: Duban) -> None:
    dry = inspected("look-back", "draw", *MORNING, "--seed", "甲子", "--dry-run")
    assert dry.status == 0
    assert all(said in dry.out for said in ("甲子", "试抽，未写入", "检查员甲"))
    assert "没有待办的回头看" in inspected("look-back", "list").out
    real = inspected("look-back", "draw", *MORNING, "--seed", "甲子")
    assert "试抽" not in real.out
    assert inspected("look-back", "draw", *MORNING, "--json").json["population"] == 0


def test_what_waits_is_listed_with_its_inspector_until_it_is_looked_at(inspected: Duban) -> None:
    (row,) = inspected("look-back", "draw", *MORNING, "--json").json["rows"]
    waits = inspected("look-back", "list", "--at", "2026-10-28T12:00", "--json").json["rows"]
    assert [(w["case"], w["inspector"], w["overdue"]) for w in waits] == [
        (row["case"], "检查员甲", False)
    ]
    late = inspected("look-back", "list", "--at", "2026-10-29T00:00")
    assert "逾期" in late.out
    result = ("--by", "检查员甲", "--fail", "--why", "又满了", "--at", "2026-10-10T10:00")
    assert inspected("do", "look-back", row["case"], *result).status == 0
    assert inspected("look-back", "list", "--json").json["rows"] == []


def test_what_came_back_is_counted_by_unit(inspected: Duban) -> None:
    assert "没有反弹" in inspected("look-back", "relapses", "--until", "2026-10-01").out
    (row,) = inspected("look-back", "draw", *MORNING, "--json").json["rows"]
    result = ("--by", "检查员甲", "--fail", "--why", "又满了", "--at", "2026-10-10T10:00")
    inspected("do", "look-back", row["case"], *result)
    october = ("--since", "2026-10-01", "--until", "2026-11-01")
    assert inspected("look-back", "relapses", *october, "--json").json["rows"] == [
        {"unit": "csgl", "name": "市城市管理局", "found": 1, "reported": 0}
    ]
    assert "市城市管理局" in inspected("look-back", "relapses", *october).out
    september = ("--since", "2026-09-01", "--until", "2026-10-01")
    assert inspected("look-back", "relapses", *september, "--json").json["rows"] == []


def test_a_seed_too_long_is_one_clear_message(town: Duban) -> None:
    said = town("look-back", "draw", "--seed", "x" * 121)
    assert (said.status, said.clear) == (1, True)
    assert "120" in said.err
