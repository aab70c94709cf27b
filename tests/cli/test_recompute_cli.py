"""Loading and recomputing by command: listed before, counted after, undone by loading again."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from ledger import loading
from tests.cli.conftest import CITY, Duban, Said

LEDGER = (
    "点位,存在问题,责任单位,整改时限\n"
    "人民路1号,垃圾桶满溢,市城管局,3工作日\n"
    "人民路2号,路灯不亮,市城管局,1工作日\n"
    "人民路3号,某处不妥,市城管局,\n"
)
THURSDAY = "2026-09-24T15:00+08:00"
POLICY = (
    "extends: chuangcheng\npolicy: sprint\ntitle: 冲刺办法\nstages:\n  handle: {limit: 5 工作日}\n"
)


@pytest.fixture
def three_cases(town: Duban, tmp_path: Path) -> Duban:
    (tmp_path / "ledger.csv").write_text(LEDGER, "utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    text = (loading.SHIPPED / "reference" / "calendar.csv").read_text("utf-8")
    head, *lines = text.splitlines()
    kept = [line for line in lines if line.startswith("2026")]
    day_off = "\n".join([head, *kept, "2026-09-29,0,停工,test"])
    (tmp_path / "calendar.csv").write_text(day_off, "utf-8")
    assert town("import", "ledger.csv", "--at", THURSDAY).status == 0
    return town


def dues(said: Said) -> dict[str, Any]:
    return {row["case"]: (row["old_due"], row["due"]) for row in said.json["rows"]}


OLD, NEW = "2026-09-30T18:00:00+08:00", "2026-10-08T18:00:00+08:00"


def test_a_dry_run_lists_what_a_calendar_would_move_and_writes_nothing(
    three_cases: Duban,
) -> None:
    before = three_cases("cases", "--json").json
    tried = three_cases("load", "calendar.csv", "--dry-run", "--at", THURSDAY, "--json")
    assert tried.json["dry_run"] is True
    assert dues(tried) == {"2026-000001": (OLD, NEW), "2026-000003": (OLD, NEW)}
    assert three_cases("cases", "--json").json == before
    done = three_cases("load", "calendar.csv", "--at", THURSDAY, "--json")
    assert (done.json["rows"], done.json["touched"]) == (tried.json["rows"], 2)
    assert {row["cause"] for row in done.json["rows"]} == {"装载日历 calendar.csv"}


def test_a_load_says_how_many_cases_it_touched_and_shows_them(three_cases: Duban) -> None:
    said = three_cases("load", "calendar.csv", "--at", THURSDAY)
    assert said.status == 0
    for part in ("已装载日历 2026", "已重算 2 件", "2026-000001", "市城市管理局",
                 "09-30 18:00 → 10-08 18:00", "3 工作日"):  # fmt: skip
        assert part in said.out, part
    assert "2026-000002" not in said.out


def test_a_city_loaded_again_touches_no_case(three_cases: Duban) -> None:
    Path("again.yaml").write_text(CITY, "utf-8")
    assert "已重算 0 件" in three_cases("load", "again.yaml", "--at", THURSDAY).out


def test_recomputing_without_a_cause_touches_no_case(three_cases: Duban) -> None:
    said = three_cases("recompute", "--at", THURSDAY, "--json")
    assert (said.status, said.json["touched"], said.json["rows"]) == (0, 0, [])


def test_a_policy_reaches_open_cases_only_when_it_is_applied_again(three_cases: Duban) -> None:
    alone = three_cases("policy", "policy.yaml", "--at", THURSDAY)
    assert (alone.status, "--reapply" in alone.out) == (0, True)
    tried = three_cases("recompute", "--reapply", "--dry-run", "--at", THURSDAY, "--json")
    assert dues(tried)["2026-000003"] == (OLD, "2026-10-09T18:00:00+08:00")
    again = three_cases("policy", "policy.yaml", "--reapply", "--yes", "--at", THURSDAY, "--json")
    assert (again.json["touched"], again.json["rows"]) == (3, [
        row | {"cause": "重新适用《冲刺办法》"} for row in tried.json["rows"]
    ])  # fmt: skip
    assert three_cases("recompute", "--reapply", "--yes", "--at", THURSDAY).out.startswith(
        "已重算 0 件"
    )


def test_applying_a_policy_again_asks_first_and_no_leaves_all_as_it_was(
    three_cases: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = three_cases("cases", "--json").json
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    said = three_cases("policy", "policy.yaml", "--reapply", "--at", THURSDAY)
    assert (said.status, "3 件在办案件" in said.err) == (1, True)
    assert three_cases("cases", "--json").json == before
    assert "sprint" not in three_cases("policy").out


def test_a_policy_tried_is_not_in_use(three_cases: Duban) -> None:
    said = three_cases("policy", "policy.yaml", "--reapply", "--dry-run", "--at", THURSDAY)
    assert (said.status, "将重算 3 件" in said.out) == (0, True)
    assert "sprint" not in three_cases("policy").out
