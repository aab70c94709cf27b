"""Findings to measure with: those of the demo papers, at other places, many times over."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from documents.reading import read
from duban.demo import papers
from models.finding import Draft

ROADS = (
    "人民路", "解放路", "建设路", "书院街", "文庙巷", "柳塘路", "荷园路", "长堤街", "云湖大道",
    "渔歌路", "听涛路", "新桥街", "工农路", "铁路巷", "松岗路", "揽月街", "南巷", "锦里路",
)  # fmt: skip
SITES = (
    "沿街商铺前",
    "小区北门",
    "农贸市场东侧",
    "公交站旁",
    "学校门口",
    "背街",
    "楼道口",
    "停车场",
)


def many(count: int, seed: int = 20260924) -> list[Draft]:
    """So many findings, of the demo's problems, units, limits and remarks, each at a place of
    its own; about one in fifty comes a second time in other words."""
    return list(_draw(count, Random(seed)))


def _draw(count: int, dice: Random) -> Iterator[Draft]:
    known = _known()
    place = ""
    for row in range(1, count + 1):
        if not place or dice.random() > 0.02:
            road, number = dice.choice(ROADS), dice.randrange(1, 2000)
            place = f"{road}{number}号{dice.choice(SITES)}"
        draft = dice.choice(known)
        problem = f"{draft.problem.rstrip('。')}，约{dice.randrange(1, 60)}处"
        yield replace(draft, row=str(row), place=place, problem=problem, cells=())


def _known() -> list[Draft]:
    drafts = [draft for _, name, data in papers() for draft in read(data, name).drafts]
    # Dates on the demo's papers would lie before or after the instant of the measurement.
    undated = [replace(draft, found_on=None, batch="", number="") for draft in drafts]
    return [d for d in undated if d.problem and not d.trouble and not d.limit.startswith("20")]
