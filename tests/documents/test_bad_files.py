"""A file that cannot be taken is refused once, in plain words, saying what to do."""

import io
import zipfile
from contextlib import suppress

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from documents import paper as limits
from documents.reading import PaperTrouble, read


def workbook(cells: dict[tuple[int, int], str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for (row, column), text in cells.items():
            sheet.write(row, column, text)
    return out.getvalue()


def refusal(data: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(PaperTrouble) as caught:
        read(data, name)
    assert caught.value.words.en
    return caught.value.words.zh


GOOD = workbook({(0, 0): "点位", (0, 1): "存在问题", (1, 0): "甲路", (1, 1): "灯坏"})


def test_a_workbook_under_a_password_is_told_apart_from_a_damaged_one() -> None:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(GOOD)).encrypt("secret", out)
    assert "密码" in refusal(out.getvalue())
    assert "损坏" in refusal(GOOD[: len(GOOD) // 2])
    assert "损坏" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "a.xls")


@pytest.mark.parametrize("at", range(60, 1200, 60))
def test_a_torn_workbook_never_crashes_the_reader(at: int) -> None:
    torn = GOOD[:at] + b"\xff\x00\xff" + GOOD[at + 3 :]
    with suppress(PaperTrouble):
        assert read(torn, "a.xlsx").drafts


def test_a_sheet_without_header_names_the_columns_wanted_and_those_seen() -> None:
    said = refusal(workbook({(0, 0): "姓名", (0, 1): "电话", (1, 0): "Alice"}))
    assert "具体点位" in said
    assert "存在问题" in said
    assert "姓名|电话" in said


@pytest.mark.parametrize("data", [b"", b" \n", workbook({}), "点位,存在问题\n".encode()])
def test_an_empty_file_is_refused(data: bytes) -> None:
    said = refusal(data, "a.csv")
    assert "空的" in said or "没有任何一行" in said


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7 ...", "不支持"),
        (b"\x89PNG\r\n", "不支持"),
        (b"<html><table></table></html>", "网页"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), ".doc"),
        (b"\xff\xff\xff\xff\x80", "编码"),
        ('点位,问题\n甲路,"灯坏\n乙路,门坏\n'.encode(), "第2行的引号"),
    ],
)
def test_other_kinds_of_file_are_refused_with_what_to_do(data: bytes, word: str) -> None:
    assert word in refusal(data, "a.csv")


def test_a_zip_that_is_no_office_file_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "不支持" in refusal(out.getvalue())


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("documents.archive.MAX_UNZIPPED", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 2_000_000)
    assert "太大" in refusal(out.getvalue())


def test_two_cells_at_the_far_corners_of_a_sheet_are_refused() -> None:
    assert "太大" in refusal(workbook({(0, 0): "点位", (1_048_575, 16_383): "x"}))


def test_a_file_over_the_size_limit_is_refused_unread() -> None:
    assert "50MB" in refusal(b"x" * (limits.MAX_BYTES + 1))
