"""Office files are zip archives: what is inside, and is it safe to open."""

import io
import re
import zipfile
import zlib

from documents.paper import MAX_UNZIPPED, PaperTrouble, too_large

_CHUNK = 1 << 20
_MAX_CELLS = 20_000_000
_FAR_CELL = re.compile(
    rb'<(?:\w+:)?c [^>]*?r="(?:([A-Z]{2,3})(\d+)|[A-Z](\d{5,7}))"(?:[^>]*[^>/])?>'
)


def names(data: bytes) -> frozenset[str]:
    """The files in the archive. Raises PaperTrouble when it is damaged or would swell too far."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise damaged() from None
    if sum(member.file_size for member in members) > MAX_UNZIPPED:
        raise _swelling()
    return frozenset(member.filename for member in members)


def check(data: bytes) -> None:
    """Unpack once into nothing, so that no later reader meets a bomb or a torn file.

    The sizes an archive declares may lie, so the bytes are counted. Cells far apart are
    counted as well, as a reader holds the whole rectangle between them.
    """
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                total += _unpacked(archive, member)
                if total > MAX_UNZIPPED:
                    raise _swelling()
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError):
        raise damaged() from None
    except (NotImplementedError, RuntimeError):
        raise locked() from None


def damaged() -> PaperTrouble:
    """A file that breaks off or is not what its first bytes promise."""
    return PaperTrouble(
        "文件已损坏，无法打开。请用 Excel 或 WPS 打开后另存一份再导入",
        "The file is damaged and cannot be opened. Open it in Excel or WPS, save it anew and "
        "import that",
    )


def locked() -> PaperTrouble:
    """A file under a password."""
    return PaperTrouble(
        "文件设有密码，无法读取。请取消密码保护后再导入",
        "The file is protected by a password. Remove the password and import it again",
    )


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    size, width, height, tail = 0, 1, 1, b""
    is_sheet = member.filename.startswith("xl/worksheets/")
    with archive.open(member) as content:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > MAX_UNZIPPED:
                raise _swelling()
            if is_sheet:
                far_width, far_height = _extent(tail + chunk)
                width, height = max(width, far_width), max(height, far_height)
                tail = chunk[-200:]
    if width * height > _MAX_CELLS:
        raise too_large(
            f"表格有{height}行{width}列", f"the sheet spans {height} rows and {width} columns"
        )
    return size


def _extent(xml: bytes) -> tuple[int, int]:
    """Width and height in cells, as far as cells beyond Z and 9999 tell."""
    width, height = 26, 9999
    for letters, row, tall_row in _FAR_CELL.findall(xml):
        height = max(height, int(row or tall_row))
        if letters:
            width = max(width, _column(letters))
    return width, height


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _swelling() -> PaperTrouble:
    size = MAX_UNZIPPED // 1_000_000
    return too_large(f"解压后超过{size}MB", f"more than {size} MB unpacked")
