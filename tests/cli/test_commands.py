"""Each command answers as the help promises: for people, and as one JSON document."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.cli.conftest import LEDGER, Duban

THURSDAY = "2026-09-24T15:00+08:00"


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.csv"
    file.write_text(LEDGER, "utf-8")
    return file


@pytest.fixture
def one_case(town: Duban, ledger_file: Path) -> Duban:
    assert town("import", ledger_file, "--at", THURSDAY).status == 0
    return town


@pytest.fixture
def in_november(one_case: Duban) -> Iterator[Duban]:
    """The same, asked when the clock on the wall shows November."""
    with time_machine.travel("2026-11-22T10:00:00+08:00"):
        yield one_case


def test_a_deadline_is_reckoned_before_anything_is_set_up(duban: Duban, home: Path) -> None:
    said = duban("deadline", "3 工作日", "--from", THURSDAY, "--json")
    assert (said.status, said.json["due_at"]) == (0, "2026-09-30T18:00:00+08:00")
    assert said.json["provisional"] is False
    assert "中秋节" in said.json["explanation"]
    assert not home.exists()


def test_a_deadline_into_a_year_without_a_calendar_says_that_it_is_provisional(
    duban: Duban,
) -> None:
    said = duban("deadline", "15 工作日", "--from", "2026-12-25", "--json")
    assert said.json["provisional"] is True
    assert "2027" in said.json["explanation"]


def test_setting_up_twice_changes_nothing(duban: Duban) -> None:
    assert duban("init").status == 0
    again = duban("init")
    assert (again.status, "未动" in again.out) == (0, True)


def test_the_demo_city_can_be_loaded_over_an_empty_one(duban: Duban) -> None:
    assert duban("init").status == 0
    assert duban("init", "--demo").status == 0
    assert duban("init", "--demo").status == 0


def test_an_import_tells_the_outcome_of_each_row_and_a_second_one_changes_nothing(
    town: Duban, ledger_file: Path
) -> None:
    first = town("import", ledger_file, "--at", THURSDAY, "--json").json
    assert [(row["row"], row["outcome"]) for row in first["rows"]] == [("2", "accepted")]
    assert first["rows"][0]["case"] == "2026-000001"
    again = town("import", ledger_file, "--at", THURSDAY, "--json").json
    assert [row["outcome"] for row in again["rows"]] == ["unchanged"]


def test_a_dry_run_answers_alike_and_writes_nothing(town: Duban, ledger_file: Path) -> None:
    tried = town("import", ledger_file, "--at", THURSDAY, "--dry-run", "--json").json
    assert [row["outcome"] for row in tried["rows"]] == ["accepted"]
    assert town("cases", "--json").json == {"rows": []}


def test_the_explanation_is_a_letter_for_somebody_who_never_saw_the_program(
    in_november: Duban,
) -> None:
    said = in_november("explain", "2026-000001", "--at", "2026-09-24T16:00+08:00")
    for part in (
        "人民路1号", "垃圾桶满溢", "市城市管理局（牵头单位）", "交办文书", "中秋节",
        "2026-09-30", "若无人处理", "Bob", "督办升级", "此时可以", "签收",
    ):  # fmt: skip
        assert part in said.out, part


def test_the_explanation_is_there_in_english_too(
    in_november: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_LANG", "en")
    said = in_november("explain", "2026-000001", "--at", "2026-09-24T16:00+08:00")
    for part in ("Mid-Autumn Festival", "If nobody acts", "working days", "escalate"):
        assert part in said.out, part


def test_of_the_past_only_what_was_known_then_is_told(in_november: Duban) -> None:
    deed = ("do", "acknowledge", "2026-000001", "--by", "Bob", "--at", "2026-09-28T09:00")
    assert in_november(*deed).status == 0
    before = in_november("explain", "2026-000001", "--at", "2026-09-24T12:00")
    assert "还没有这个案件" in before.out
    between = in_november("explain", "2026-000001", "--at", "2026-09-25T12:00", "--json").json
    assert between["status"] == "dispatched"
    assert "签收。" not in between["letter"]
    # Then the signing still lay ahead; once it was signed for, it no longer did.
    assert "sign" in [look["stage"] for look in between["agenda"]]
    after = in_november("explain", "2026-000001", "--at", "2026-09-28T10:00", "--json").json
    assert after["status"] == "in_progress"
    assert {look["stage"] for look in after["agenda"]} == {"handle"}


def test_the_explanation_is_a_document_with_every_part_of_the_letter(in_november: Duban) -> None:
    said = in_november("explain", "2026-000001", "--at", "2026-09-24T16:00", "--json").json
    assert set(said) == {
        "case", "forecast", "status", "running", "due_at", "provisional", "clocks", "spans",
        "left", "agenda", "fired", "last_level", "letter",
    }  # fmt: skip
    assert (said["running"], said["due_at"]) == (True, "2026-09-30T18:00:00+08:00")
    assert (said["fired"], said["last_level"], said["forecast"]) == ([], None, False)
    assert {"start", "end", "kind", "name", "counted", "passed"} == set(said["spans"][0])
    assert said["left"] == {"seconds": 26 * 3600, "words": "3 个工作日 2 小时"}
    assert [(clock["stage"], clock["running"]) for clock in said["clocks"]] == [
        ("handle", True), ("sign", True),
    ]  # fmt: skip


def test_a_moment_still_to_come_is_told_as_a_forecast(in_november: Duban) -> None:
    ask = ("explain", "2026-000001", "--at", "2026-12-01")
    assert "还没有到" in in_november(*ask).out
    assert in_november(*ask, "--json").json["forecast"] is True


def test_a_look_whose_time_has_come_is_not_told_as_the_future(in_november: Duban) -> None:
    said = in_november("explain", "2026-000001", "--at", "2026-09-28T18:00")
    assert "签收到期：催办" in said.out
    assert "已到点，下一轮督办时补办" in said.out


def test_a_verb_the_lifecycle_refuses_ends_with_status_1_and_says_why(one_case: Duban) -> None:
    said = one_case(
        "do", "verify", "2026-000001", "--by", "Alice", "--pass", "--at", "2026-09-25T09:00"
    )
    assert (said.status, said.clear, said.out) == (1, True, "")
    assert "待签收" in said.err


def test_the_log_is_proven_whole_and_counts_what_it_checked(one_case: Duban) -> None:
    proof = one_case("log", "verify", "--json")
    assert (proof.status, proof.json["ok"], proof.json["broken"]) == (0, True, [])
    assert proof.json["checked"] >= 1


def test_log_and_outbox_are_documents_with_rows(one_case: Duban) -> None:
    assert one_case("log", "--json").json == {"rows": []}
    rows = one_case("outbox", "--json").json["rows"]
    assert {"key", "case", "person", "channel", "state", "attempts", "answer"} <= set(rows[0])
    assert (rows[0]["case"], rows[0]["person"]) == ("2026-000001", "Bob")


def test_home_and_database_are_read_from_an_env_file(
    duban: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUBAN_HOME")
    file = tmp_path / "elsewhere.db"
    (tmp_path / ".env").write_text(
        f"DUBAN_HOME={tmp_path}/kept\nDUBAN_DATABASE_URL=sqlite:///{file}\n", "utf-8"
    )
    assert duban("init").status == 0
    assert file.exists()
    assert (tmp_path / "kept" / "inbox").is_dir()


def test_the_environment_wins_over_the_env_file(duban: Duban, home: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DUBAN_HOME={tmp_path}/other\n", "utf-8")
    assert duban("init").status == 0
    assert (home / "duban.db").exists()
    assert not (tmp_path / "other").exists()


def test_the_directory_tells_who_answers_for_each_unit(town: Duban) -> None:
    rows = town("units", "--json").json["rows"]
    office = next(row for row in rows if row["kind"] == "督办机构")
    assert {"unit", "kind", "contact", "head", "leader"} == set(office)
    assert any(row["contact"] for row in rows)
