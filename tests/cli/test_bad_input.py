"""What cannot be used gets one clear message and status 1 or 2, and nothing is lost."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import run as run_process
from sys import executable

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from duban.up import _alone
from tests.cli.conftest import CITY, LEDGER, Duban

HEAD = ("点位", "存在问题", "责任单位", "整改时限", "检查日期")
GOOD = ("人民路1号", "垃圾桶满溢", "市城管局", "3工作日", "2026-09-01")
AT = ("--at", "2026-09-24T15:00+08:00")

Write = Callable[[Path], None]


def book(file: Path, *rows: tuple[str, ...]) -> Path:
    """A workbook with these rows; a cell that begins with "=" is a formula."""
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file


def locked(file: Path) -> None:
    plain = book(file.with_name("plain.xlsx"), HEAD, GOOD)
    with plain.open("rb") as source, file.open("wb") as target:
        OOXMLFile(source).encrypt("secret", target)


def outcomes(duban: Duban, file: Path) -> tuple[int, list[tuple[str, str]]]:
    """Status of the import, and outcome with reason of each row."""
    said = duban("import", file, *AT, "--json")
    return said.status, [(row["outcome"], row["reason"]) for row in said.json["rows"]]


PAPERS: dict[str, tuple[Write, str]] = {
    "wrong.xlsx": (lambda f: f.write_bytes(b"PK\x03\x04 no book"), "已损坏"),
    "locked.xlsx": (locked, "密码"),
    "headless.xlsx": (lambda f: book(f, ("a", "b"), ("c", "d")) and None, "表头"),
    "text.xls": (lambda f: f.write_text("hello", "utf-8"), "表头"),
    "empty.csv": (lambda f: f.write_bytes(b""), "空"),
}


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_that_cannot_be_read_is_refused_whole(
    town: Duban, tmp_path: Path, name: str
) -> None:
    write, expected = PAPERS[name]
    write(tmp_path / name)
    said = town("import", tmp_path / name, *AT)
    assert (said.status, said.clear, said.out) == (1, True, "")
    assert expected in said.err
    assert town("cases", "--json").json == {"rows": []}


def test_a_refusal_under_json_is_one_document_too(town: Duban, tmp_path: Path) -> None:
    said = town("import", tmp_path / "missing.csv", "--json")
    assert said.status == 1
    assert set(said.json["error"]) == {"zh", "en"}


def test_rows_that_cannot_be_taken_are_handed_back_and_the_others_are_taken(
    town: Duban, tmp_path: Path
) -> None:
    file = book(
        tmp_path / "mixed.xlsx",
        HEAD,
        GOOD,
        ("人民路2号", "路灯不亮", "市城管局", "尽量快", "2026-09-01"),
        ("人民路3号", "井盖破损", "市城管局", "3工作日", "1900-01-01"),
        ("人民路4号", "护栏缺失", "市城管局", "3工作日", "2100-12-31"),
        ("人民路5号", "张贴小广告", "查无此局", "3工作日", "2026-09-01"),
    )
    status, rows = outcomes(town, file)
    assert (status, [outcome for outcome, _ in rows]) == (
        0,
        ["accepted", "rejected", "rejected", "rejected", "accepted"],
    )
    for (_, reason), expected in zip(rows[1:], ("尽量快", "1900", "2100", "查无此局"), strict=True):
        assert expected in reason
    assert (tmp_path / "mixed-未受理.xlsx").exists()


def test_a_paper_of_which_no_row_can_be_taken_ends_with_status_1(
    town: Duban, tmp_path: Path
) -> None:
    file = book(tmp_path / "hopeless.xlsx", HEAD, (*GOOD[:3], "尽量快", GOOD[4]))
    assert outcomes(town, file)[0] == 1


def test_a_formula_is_read_by_its_value_and_never_run(town: Duban, tmp_path: Path) -> None:
    file = book(tmp_path / "formula.xlsx", HEAD, (GOOD[0], '=CMD("x")', *GOOD[2:]), GOOD)
    status, rows = outcomes(town, file)
    assert (status, rows[-1][0]) == (0, "accepted")
    assert "CMD" not in town("cases").out


def test_a_cell_of_a_hundred_kilobytes_is_refused_with_its_row_alone(
    town: Duban, tmp_path: Path
) -> None:
    file = tmp_path / "huge.csv"
    file.write_text(LEDGER + f"人民路2号,{'脏' * 34_000},市城管局,3工作日\n", "utf-8")
    status, rows = outcomes(town, file)
    assert (status, [outcome for outcome, _ in rows]) == (0, ["accepted", "rejected"])
    assert "过长" in rows[1][1]


def test_forty_thousand_rows_are_read_in_bounded_memory(town: Duban, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    rows = "".join(f"人民路{n}号,,市城管局,3工作日\n" for n in range(40_000))
    file.write_text("点位,存在问题,责任单位,整改时限\n" + rows, "utf-8")
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    # getrusage would tell the most that this process had before it became that one.
    script = (
        "import sys; from duban.cli import main\n"
        f"sys.argv = ['duban', 'import', {str(file)!r}, '--dry-run', '--json']\n"
        "try: main()\n"
        "finally: sys.stderr.write(open('/proc/self/status').read())\n"
    )
    ended = run_process(
        [executable, "-c", script], check=False, capture_output=True, text=True, timeout=90
    )
    assert ended.stdout.count('"outcome": "rejected"') == 40_000
    [most] = re.findall(r"VmHWM:\s+(\d+) kB", ended.stderr)
    assert int(most) < 250_000


def test_unknown_limits_and_instants_are_told_apart_from_misuse(duban: Duban) -> None:
    rubbish = duban("deadline", "rubbish", "--from", "2026-09-24")
    assert (rubbish.status, "3 工作日" in rubbish.err) == (1, True)
    never = duban("deadline", "3 工作日", "--from", "never")
    assert (never.status, "2026-09-24T15:00+08:00" in never.err) == (2, True)
    assert duban("deadline").status == 2
    assert duban("frobnicate").status == 2


# -- policies and the city -----------------------------------------------------------------------

CYCLE = "policy: ring\nextends: ring\n"
NEGATIVE = (
    "policy: neg\nextends: chuangcheng\nstages:\n  handle:\n    reminders:\n"
    '      - {after: "-2 工作时", tell: [contact]}\n'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CYCLE, ("ring.yaml 第 2 行", "extends", "成环")),
        (NEGATIVE, ("ring.yaml 第 6 行", "reminders.0.after", "-2 工作时")),
        ("policy: [", ("ring.yaml",)),
    ],
    ids=["cycle", "negative", "not-yaml"],
)
def test_a_bad_policy_is_refused_by_file_line_field_and_rule(
    duban: Duban, tmp_path: Path, text: str, expected: tuple[str, ...]
) -> None:
    file = tmp_path / "ring.yaml"
    file.write_text(text, "utf-8")
    said = duban("policy", file, "--check")
    assert (said.status, said.clear) == (1, True)
    for part in expected:
        assert part in said.err, said.err


def test_a_channel_that_cannot_be_parsed_is_refused_with_its_person_and_no_password(
    town: Duban, tmp_path: Path
) -> None:
    file = tmp_path / "city2.yaml"
    file.write_text(CITY.replace("folder://bob", "mailto://x:topsecret@:99999/"), "utf-8")
    said = town("load", file)
    assert (said.status, said.clear) == (1, True)
    assert "Bob" in said.err
    assert "topsecret" not in said.out + said.err


# -- databases -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("cases",), ("init",), ("log", "--json")], ids=" ".join)
def test_a_database_that_is_away_is_named_without_its_password(
    duban: Duban, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://duban:topsecret@127.0.0.1:1/city")
    said = duban(*command)
    assert (said.status, said.clear) == (1, True)
    assert "127.0.0.1" in said.err
    assert "topsecret" not in said.out + said.err


def test_a_file_that_is_no_database_is_left_as_it_is(
    duban: Duban, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "letters.db"
    file.write_text("these are letters, not rows " * 200, "utf-8")
    before = file.read_bytes()
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{file}")
    for command in ("init", "cases"):
        said = duban(command)
        assert (said.status, said.clear) == (1, True)
    assert file.read_bytes() == before


def test_a_database_of_another_version_is_not_touched(town: Duban, home: Path) -> None:
    with sqlite3.connect(home / "duban.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    said = town("cases")
    assert (said.status, said.clear) == (1, True)
    assert "9999" in said.err
    again = town("init")
    assert (again.status, again.clear) == (1, True)


def test_nothing_answers_before_the_database_is_set_up(duban: Duban) -> None:
    said = duban("cases")
    assert (said.status, "duban init" in said.err) == (1, True)


@pytest.mark.parametrize("command", ["init", "up"])
def test_a_home_that_cannot_be_made_is_refused(
    duban: Duban, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "file" / "home"))
    said = duban(command)
    assert (said.status, said.clear) == (1, True)
    assert "DUBAN_HOME" in said.err


def test_a_setting_that_cannot_be_read_is_named(
    duban: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_PORT", "harbour")
    said = duban("cases")
    assert (said.status, said.clear, "DUBAN_PORT" in said.err) == (1, True, True)


def test_a_second_engine_on_the_same_home_is_refused(duban: Duban, home: Path) -> None:
    with _alone(home):
        said = duban("up")
    assert (said.status, said.clear) == (1, True)
    assert "duban up" in said.err


def test_a_prefect_server_that_is_away_is_named(
    town: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://user:topsecret@127.0.0.1:1/api")
    said = town("sweep", *AT)
    assert (said.status, said.clear) == (1, True)
    assert "PREFECT_API_URL" in said.err
    assert "topsecret" not in said.out + said.err
