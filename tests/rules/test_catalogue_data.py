"""The shipped catalogue: what a city relies on when it starts without one of its own."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "deploy/reference/categories.csv"
STANDARD = Path(__file__).parents[2] / "../shared/data/categories.csv"
COLUMNS = "code,kind,major,minor,filing,closing,limit,keywords,source"

CONTINUOUS = {"紧急工作日": 24}
"""Hours of a unit the catalogue writes as continuous hours."""


def rows() -> list[dict[str, str]]:
    with REFERENCE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def standard() -> list[dict[str, str]]:
    if not STANDARD.exists():
        pytest.skip("the city's standard is not at hand")
    with STANDARD.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_catalogue_opens_in_any_editor_and_diffs_line_by_line() -> None:
    raw = REFERENCE.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert raw.decode().splitlines()[0] == COLUMNS


def test_there_are_at_least_190_categories_each_with_a_code_and_a_name_of_its_own() -> None:
    catalogue = rows()
    assert len(catalogue) >= 190
    assert not [code for code, n in Counter(row["code"] for row in catalogue).items() if n > 1]
    assert not [name for name, n in Counter(row["minor"] for row in catalogue).items() if n > 1]
    without_condition = {re.sub(r"(?<=.)（[^（）]*）$", "", row["minor"]) for row in catalogue}
    assert len(without_condition) >= 190


def test_every_row_says_when_to_file_when_to_close_and_where_it_comes_from() -> None:
    for row in rows():
        assert all(row[column].strip() == row[column] != "" for column in COLUMNS.split(",")), row
        assert row["kind"] in {"部件", "事件"}, row
        assert re.fullmatch(r"[BS]\d{4}(-\d)?|C\d{3}", row["code"]), row


def test_a_code_tells_its_kind() -> None:
    kinds = {"B": {"部件"}, "S": {"事件"}, "C": {"事件", "部件"}}
    assert all(row["kind"] in kinds[row["code"][0]] for row in rows())


def test_every_limit_is_a_positive_number_of_a_known_unit() -> None:
    for row in rows():
        assert re.fullmatch(r"[1-9]\d* (紧急工作时|工作时|工作日|自然日)", row["limit"]), row


def test_every_category_can_be_recognised_by_two_words_or_more_characters_each() -> None:
    for row in rows():
        words = row["keywords"].split("|")
        assert len(words) >= 2, row
        assert len(words) == len(set(words)), row
        assert all(len(word) >= 2 and word == word.strip() for word in words), row


INSPECTED = (
    "灭火器、疏散通道、检查记录、禁烟标识、烟蒂、公益广告、宣传栏、志愿、盲道、无障碍、意见簿、健康证、"
    "餐饮、电动车、飞线、小广告、楼道、晾晒、网吧、围挡、安全帽、门卫、外墙、水表箱、监控室、公厕、黄土、"
    "座椅、未完工、保洁"
)


@pytest.mark.parametrize("thing", INSPECTED.split("、"))
def test_what_civilised_city_inspections_find_has_a_category(thing: str) -> None:
    assert [row["code"] for row in rows() if thing in row["minor"] + row["keywords"]]


def test_limits_of_our_own_say_that_they_are_only_a_default() -> None:
    ours = [row for row in rows() if row["code"].startswith("C")]
    assert len(ours) >= 40
    assert {row["source"] for row in ours} == {"Duban: default, set your own"}


def test_limits_taken_from_the_standard_are_those_of_the_standard() -> None:
    facts = {
        (row["kind"], row["code"], limit(row)) for row in standard() if "运城" in row["source"]
    }
    wrong = [
        row
        for row in rows()
        if row["code"][0] in "BS" and (row["kind"], row["code"][1:5], row["limit"]) not in facts
    ]
    assert not wrong


def limit(row: dict[str, str]) -> str:
    amount, unit = int(row["limit_value"]), row["limit_unit"]
    if unit in CONTINUOUS:
        return f"{amount * CONTINUOUS[unit]} 紧急工作时"
    return f"{amount} {unit}"


def test_conditions_are_told_in_our_own_words() -> None:
    theirs = {row[c] for row in standard() for c in ("filing_condition", "closing_condition")}
    sentences = {text for text in theirs if len(text) >= 6}
    assert not [row for row in rows() if {row["filing"], row["closing"]} & sentences]
