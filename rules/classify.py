"""类别: which category of the catalogue a finding told in free words belongs to.

A category is recognised by its keywords, and a little by the two-character pieces of its name
and filing condition; no dictionary of words is needed. How sure the match is stays visible, and
what is not sure enough is left to a person.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.duplicates import plain

CONFIDENT = 0.6
"""Below this confidence a person chooses. Ambiguous texts and single vague words stay below."""

READ = 300
"""Only so many characters of a text are read; the problem is always told in the first."""

PLACE_SHARE = 0.4
"""What a keyword in the place is worth beside the same keyword in the problem."""

PIECE = 0.12
"""What one two-character piece of a name or a filing condition is worth beside a keyword of two."""

COMMON = 12
"""A piece found in more categories than this tells them apart too little to be counted."""

ENOUGH = 1.05
"""The weight of evidence that is half convincing. A keyword of three characters that no other
category has weighs 1.5 and alone stays just below `CONFIDENT`: 电动车 is not yet a problem."""

APART = 0.2
"""The lead over the runner-up, as a share of the best, at which nothing is ambiguous."""


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """What the classifier needs of a category."""

    code: str
    minor: str
    keywords: tuple[str, ...]
    filing: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The likeliest category, how sure that is (0 to 1), the next likeliest, and the words found.

    `code` is the best guess whatever the confidence, None when nothing fits at all; whoever
    files by it compares the confidence with `CONFIDENT`.
    """

    code: str | None
    confidence: float
    runner_up: str | None
    because: tuple[str, ...]


NOTHING = Match(None, 0.0, None, ())

_Scores = dict[int, float]
_Postings = tuple[tuple[int, float], ...]


class Classifier:
    """A catalogue ready to be matched; built once, then tens of microseconds a text."""

    def __init__(self, categories: Sequence[CategoryWords]) -> None:
        self._codes = [category.code for category in categories]
        self._keywords = _keyword_postings(categories)
        self._starts = _by_first_two(self._keywords)
        self._pieces = _piece_postings(categories)
        self._names = _names(categories)

    def match(self, problem: str, place: str = "") -> Match:
        """The category `problem` most likely belongs to; `place` only tips the scales."""
        text = plain(problem[:READ])
        found = self._found(text)
        if not found:
            return NOTHING
        scores: _Scores = defaultdict(float)
        self._weigh_keywords(scores, found)
        self._weigh_pieces(scores, text)
        self._weigh_place(scores, place)
        return self._best(scores, found)

    def by_name(self, text: str) -> str | None:
        """The category named on paper by its exact name or code; None when none or several are.

        A name without its condition (路灯) is enough where the catalogue has it only once.
        """
        return self._names.get(_name(text))

    def _found(self, text: str) -> list[str]:
        """The keywords in `text`, each once, in the order of the text."""
        starts = self._starts
        found = dict.fromkeys(
            keyword
            for i in range(len(text) - 1)
            for keyword in starts.get(text[i : i + 2], ())
            if text.startswith(keyword, i)
        )
        return list(found)

    def _weigh_keywords(self, scores: _Scores, found: Iterable[str]) -> None:
        for keyword in found:
            for index, weight in self._keywords[keyword]:
                scores[index] += weight

    def _weigh_pieces(self, scores: _Scores, text: str) -> None:
        pieces = self._pieces
        for piece in {text[i : i + 2] for i in range(len(text) - 1)}:
            for index, weight in pieces.get(piece, ()):
                if index in scores:
                    scores[index] += weight

    def _weigh_place(self, scores: _Scores, place: str) -> None:
        for keyword in self._found(plain(place[:READ])):
            for index, weight in self._keywords[keyword]:
                if index in scores:
                    scores[index] += weight * PLACE_SHARE

    def _best(self, scores: _Scores, found: list[str]) -> Match:
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        best, score = ranked[0]
        second, second_score = ranked[1] if len(ranked) > 1 else (None, 0.0)
        runner_up = None if second is None else self._codes[second]
        because = tuple(word for word in found if self._counts(word, best))
        return Match(self._codes[best], _confidence(score, second_score), runner_up, because)

    def _counts(self, keyword: str, category: int) -> bool:
        return any(index == category for index, _ in self._keywords[keyword])


def _confidence(best: float, second: float) -> float:
    """How convincing the evidence is, halved where another category is as likely."""
    strength = best / (best + ENOUGH)
    lead = min(1.0, (best - second) / best / APART)
    return round(strength * (0.5 + 0.5 * lead), 3)


def _keyword_postings(categories: Sequence[CategoryWords]) -> dict[str, _Postings]:
    owners: dict[str, list[int]] = defaultdict(list)
    for index, category in enumerate(categories):
        for keyword in dict.fromkeys(map(plain, category.keywords)):
            if len(keyword) > 1:
                owners[keyword].append(index)
    return {
        keyword: tuple(
            (index, _weight(keyword, len(indexes), len(categories))) for index in indexes
        )
        for keyword, indexes in owners.items()
    }


def _weight(keyword: str, owners: int, total: int) -> float:
    """Longer words say more; words of many categories less (inverse document frequency)."""
    length = min(len(keyword), 6) / 2
    return length * _rarity(owners, total)


def _rarity(owners: int, total: int) -> float:
    """1 for a word of one category, towards 0 for a word of all of `total`."""
    return math.log((total + 1) / owners) / math.log(total + 1)


def _by_first_two(keywords: Iterable[str]) -> dict[str, tuple[str, ...]]:
    starts: dict[str, list[str]] = defaultdict(list)
    for keyword in keywords:
        starts[keyword[:2]].append(keyword)
    return {start: tuple(words) for start, words in starts.items()}


_WORD = re.compile(r"\w{2,}")


def _piece_postings(categories: Sequence[CategoryWords]) -> dict[str, _Postings]:
    pieces = [_pieces(f"{category.minor} {category.filing}") for category in categories]
    owners = Counter(piece for each in pieces for piece in each)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for index, each in enumerate(pieces):
        for piece in sorted(each):
            if owners[piece] <= COMMON:
                weight = PIECE * _rarity(owners[piece], len(categories))
                postings[piece].append((index, weight))
    return {piece: tuple(each) for piece, each in postings.items()}


def _pieces(text: str) -> set[str]:
    """The two-character pieces of `text`, none across punctuation."""
    words: list[str] = _WORD.findall(plain(text))
    return {word[i : i + 2] for word in words for i in range(len(word) - 1)}


_CONDITION = re.compile(r"\([^()]*\)$")


def _name(text: str) -> str:
    return re.sub(r"\s+", "", plain(text))


def _names(categories: Sequence[CategoryWords]) -> dict[str, str]:
    """Codes and full names; and bare names where one category alone has them."""
    bare = [_CONDITION.sub("", _name(category.minor)) for category in categories]
    shared = Counter(bare)
    names = {
        name: category.code
        for name, category in zip(bare, categories, strict=True)
        if shared[name] == 1
    }
    names |= {_name(category.minor): category.code for category in categories}
    return names | {_name(category.code): category.code for category in categories}
