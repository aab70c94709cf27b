"""Ledgers to be taken in: seeded rows of places of their own, on papers of different length."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

UNITS = (
    "市城市管理局", "市住房和城乡建设局", "市卫生健康委员会", "市公安局交警支队",
    "市市场监督管理局",
    "市文化广电旅游局", "市交通运输局", "市教育局", "东澄区综合行政执法局", "西岚区综合行政执法局",
    "揽月街道办事处", "书院街道办事处", "柳塘街道办事处", "云湖街道办事处", "新桥街道办事处",
    "北坡社区居委会", "锦园物业公司", "火星局",
)  # fmt: skip
"""The last three: nobody works there, only a head does, and nobody knows it."""
PROBLEMS = (
    "沿街商铺占道经营", "垃圾堆放未清理", "井盖缺失", "非机动车乱停放", "路面坑洼积水",
    "墙面小广告", "绿地内有杂物", "消防通道堵塞",
)  # fmt: skip
LIMITS = ("1天", "2天", "3天", "5天", "2个工作日", "5个工作日")
ROADS = ("人民路", "解放路", "建设路", "文庙巷", "柳塘路", "云湖大道", "新桥街", "铁路巷")
HEAD = ("点位", "问题描述", "责任单位", "整改时限", "备注")
LONG, SHORT = 1200, 250
"""Rows of a paper: of more than a chunk, so that it may be taken in by half; of less than one."""
AS_CASES = 0.95
"""Of a hundred rows so many become cases; the others join one, are refused, or were fixed."""


@dataclass(slots=True)
class Paper:
    """One ledger on paper, and how far it has come."""

    name: str
    data: bytes
    rows: int
    at: datetime | None = None
    """As of when it is taken in; given when that is first tried."""
    tries: int = 0
    answers: list[dict[str, str | None]] | None = None
    """What was said of its rows, once somebody could say it."""

    def lie_in(self, folder: Path) -> Path:
        """Put it down as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / self.name
        file.write_bytes(self.data)
        return file


def papers(cases: int, seed: int) -> list[Paper]:
    """Papers of about so many cases, half of their rows on long ones."""
    dice = Random(seed)
    rows = list(_rows(round(cases / AS_CASES), dice))
    found: list[Paper] = []
    while rows:
        length = LONG if dice.random() < SHORT / (SHORT + LONG) else SHORT
        part, rows = rows[:length], rows[length:]
        found.append(Paper(f"台账-{len(found) + 1:03d}.csv", _written(part), len(part)))
    return found


def _rows(count: int, dice: Random) -> Iterator[tuple[str, ...]]:
    place = problem = ""
    for n in range(count):
        if n % 50 or not place:  # every fiftieth is the same once more, in another's words
            place, problem = f"{dice.choice(ROADS)}{n + 1}号", dice.choice(PROBLEMS)
        limit = "尽快" if n % 97 == 5 else dice.choice(LIMITS)
        note = "现场已整改" if n % 60 == 7 else f"第{n + 1}条"
        yield place, problem, dice.choice(UNITS), limit, note


def _written(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO(newline="")
    sheet = csv.writer(out)
    sheet.writerow(HEAD)
    sheet.writerows(rows)
    return out.getvalue().encode()
