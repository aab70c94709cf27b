"""收件: drafts become findings with one outcome each, and cases, chunk by chunk.

A chunk is one transaction: it is in the ledger whole or not at all. Intake is ordered by the
counter's row, so that two imports at once see each other's cases and numbers never clash.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters
from ledger.changes import CaseState, Change, among, apply, insert, table
from ledger.database import Ledger
from ledger.dispatching import (
    Claim,
    choose_limit,
    decide,
    dispatch,
    hold,
    plan,
    start_step,
    written,
)
from ledger.merged import merged_at
from ledger.opening import Numbers, new_case
from ledger.photos import attach, digests
from ledger.reference import Reference, current, read
from models.case import Case, Stage, Status
from models.finding import Batch, Draft, Finding, FindingOutcome
from models.photo import PhotoPurpose
from models.verb import Verb
from models.words import Trouble, Words
from rules import duplicates
from rules.acceptance import LONGEST_PROBLEM, limit_named, refusal
from rules.duplicates import Seen, VerdictKind, place_key
from rules.lifecycle import OPEN_STATUSES
from rules.limits import parse
from rules.routing import Undecided

CHUNK = 1000
NOTHING_SAID = Words("", "")


@dataclass(frozen=True, slots=True)
class Origin:
    """The paper the drafts came on, as far as intake needs to know it."""

    digest: str
    """SHA-256 of its bytes: the same paper is known again."""
    name: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row: the outcome, the case's number, and why."""

    row: str
    outcome: FindingOutcome
    case: str | None = None
    reason: Words = NOTHING_SAID


class _Rehearsed(Exception):  # noqa: N818 - the signal that undoes a dry run
    pass


def receive(
    ledger: Ledger, origin: Origin, drafts: Sequence[Draft], at: datetime, *, dry_run: bool = False
) -> Iterator[list[Answer]]:
    """Take drafts in as of `at`; yields the answers chunk by chunk, each already kept.

    The same row of the same paper is taken once, however often it is handed in; a line known
    word for word from other paper, whose case is still open, is unchanged too. With `dry_run`
    all chunks are judged in one transaction, which is then undone.
    """
    chunks = [drafts[i : i + CHUNK] for i in range(0, len(drafts), CHUNK)]
    if dry_run:
        yield from _rehearse(ledger, origin, chunks, at)
        return
    reference: Reference | None = None
    for chunk in chunks:
        with ledger.transaction() as connection:
            # Whoever loads reference data holds this counter: what it finds of ours is recomputed,
            # and what we open after it is judged by the new data.
            counters.hold(connection, "case")
            reference = current(connection, reference)
            answers = _Chunk(connection, reference, origin, at).take(chunk)
        yield answers


def _rehearse(
    ledger: Ledger, origin: Origin, chunks: Sequence[Sequence[Draft]], at: datetime
) -> Iterator[list[Answer]]:
    answers: list[list[Answer]] = []
    try:
        with ledger.transaction() as connection:
            reference = read(connection)
            answers = [_Chunk(connection, reference, origin, at).take(chunk) for chunk in chunks]
            raise _Rehearsed
    except _Rehearsed:
        yield from answers


@dataclass(frozen=True, slots=True)
class _Line:
    """A draft with what identifies it: its row of its paper, and what it says."""

    draft: Draft
    facts: dict[str, Any]
    key: str
    wording: str


@dataclass(slots=True)
class _Chunk:
    """One chunk in the course of its transaction."""

    connection: Connection
    reference: Reference
    origin: Origin
    at: datetime
    changes: dict[int, Change] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    known_rows: dict[str, Any] = field(default_factory=dict)
    known_words: dict[str, str] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    shown: list[tuple[tuple[int, ...], int, int, int]] = field(default_factory=list)
    """Pictures, the case they belong to, who uploaded them, and the record that names them."""
    batch_id: int = 0
    numbers: Numbers = field(init=False)

    def take(self, drafts: Sequence[Draft]) -> list[Answer]:
        """Judge and write the chunk; one answer for each draft, in order."""
        self._lock()
        lines = [_line(self.origin, draft) for draft in drafts]
        self._recall(lines)
        answers = [self._one(line) for line in lines]
        self._write()
        return answers

    def _one(self, line: _Line) -> Answer:
        draft = line.draft
        if line.key in self.known_rows:
            return _again(draft, self.known_rows[line.key])
        if line.wording in self.known_words:
            number = self.known_words[line.wording]
            return Answer(draft.row, FindingOutcome.UNCHANGED, number, _SAME_WORDS)
        limit, trouble = self._check(draft)
        if trouble is not None:
            return self._keep(line, FindingOutcome.REJECTED, None, trouble)
        category, confidence = self._category(draft)
        policy = self.reference.book.policy
        if draft.joins:
            return self._as_told(line)
        verdict = duplicates.judge(
            draft.place,
            category,
            draft.problem,
            self.at,
            self.seen[place_key(draft.place)],
            window=policy.window(policy.duplicates_within),
            look_back=policy.window(policy.recurrence_within),
        )
        if verdict.kind is VerdictKind.DUPLICATE and verdict.of:
            self._join(verdict.of.case_id, verdict.reason, draft)
            outcome, case = FindingOutcome.MERGED, verdict.of.case_id
            number, why = verdict.of.number, verdict.reason
        else:
            former = verdict.of if verdict.kind is VerdictKind.RECURRENCE else None
            change = self._open(draft, category, confidence, limit, former)
            fixed = draft.fixed_on_spot
            outcome = FindingOutcome.FIXED if fixed else FindingOutcome.ACCEPTED
            case, number = change.case.id, change.case.number
            why = _opened(change, verdict.reason if former else None)
        answer = self._keep(line, outcome, case, why, confidence)
        return Answer(answer.row, outcome, number, why)

    def _as_told(self, line: _Line) -> Answer:
        """Whoever hands it in has seen the case it is the same as, and says so."""
        draft, cases = line.draft, table(Case)
        query = sa.select(cases.c.id, cases.c.number).where(
            cases.c.number == draft.joins, cases.c.status.in_(OPEN_STATUSES)
        )
        of = self.connection.execute(query).one_or_none()
        if of is None:
            return self._keep(line, FindingOutcome.REJECTED, None, _NOT_TO_BE_JOINED)
        self._join(of.id, _TOLD_SAME, draft)
        self._keep(line, FindingOutcome.MERGED, of.id, _TOLD_SAME)
        return Answer(draft.row, FindingOutcome.MERGED, of.number, _TOLD_SAME)

    # -- judging -----------------------------------------------------------------------------

    def _check(self, draft: Draft) -> tuple[str, Words | None]:
        """The limit as canonical text, or why the row cannot be taken."""
        today = self.at.astimezone(self.reference.zone).date()
        if refused := refusal(draft, today):
            return "", refused
        try:
            limit = limit_named(draft.limit, today, self.reference.book)
        except Trouble as trouble:
            return "", trouble.words
        return written(limit) if limit else "", None

    def _category(self, draft: Draft) -> tuple[str | None, float | None]:
        classifier = self.reference.classifier
        named = classifier.by_name(draft.category) if draft.category else None
        if named:
            return named, None
        match = classifier.match(draft.problem, draft.place)
        sure = match.code is not None and match.confidence >= self.reference.book.policy.confident
        return (match.code if sure else None), match.confidence

    # -- what becomes of it --------------------------------------------------------------------

    def _join(self, case_id: int, why: Words, draft: Draft) -> None:
        change = self._change_of(case_id)
        change.case.set(reports=change.case.reports + 1)
        said = f"又一次上报并入本案（{self.origin.name}）。{why.zh}"
        self._show(change, draft, change.record(Verb.JOIN, self.at, said, **self._pictures(draft)))

    def _pictures(self, draft: Draft) -> dict[str, Any]:
        """What a record says of the pictures that came with a draft: their digests."""
        if not draft.photos or draft.person_id is None:
            return {}
        return {"photos": digests(self.connection, draft.photos, draft.person_id)}

    def _show(self, change: Change, draft: Draft, seq: int) -> None:
        """Let the pictures that came with a draft belong to its case."""
        if draft.photos and draft.person_id is not None:
            self.shown.append((draft.photos, change.case.id, draft.person_id, seq))

    def _open(
        self,
        draft: Draft,
        category: str | None,
        confidence: float | None,
        limit: str,
        former: Seen | None,
    ) -> Change:
        area_id, area_path = self.reference.areas.get(draft.area, (None, None))
        change = Change(self._new_case(draft, category, area_id, former), new=True)
        self.changes[change.case.id] = change
        self._remember(change)
        if draft.fixed_on_spot:
            return self._fixed(change, draft)
        book = self.reference.book
        if book.policy.filing == "hand":
            return self._wait(change, draft, category, limit, former)
        self._file(change, draft, category, confidence, former)
        claim = Claim(draft.units, draft.coordinate)
        routed = decide(self.reference, claim, category, area_path, self.at)
        change.case.set(limit=limit)
        if isinstance(routed, Undecided):
            hold(change, self.reference, book, routed.reason, self.at)
            return change
        chosen = choose_limit(self.reference, book, limit, category)
        dispatch(change, self.reference, book, routed, chosen, self.at)
        return change

    def _file(
        self,
        change: Change,
        draft: Draft,
        category: str | None,
        confidence: float | None,
        former: Seen | None,
    ) -> None:
        change.move(Status.FILED, self.at)
        start_step(change, self.reference.book, Stage.DISPATCH, self.at)
        known = self.reference.categories.get(category or "")
        kind = f"{known.code} {known.minor}" if known else "类别待定"
        sure = f"（把握 {confidence:.0%}）" if confidence is not None else ""
        relapse = f"反弹：{former.number} 销号后再次出现。" if former else ""
        seq = change.record(
            Verb.FILE,
            self.at,
            f"由{self.origin.name}立案，{kind}{sure}。{relapse}",
            category=category,
            confidence=confidence,
            recurrence_of=former.number if former else None,
            **self._pictures(draft),
        )
        self._show(change, draft, seq)

    def _wait(
        self,
        change: Change,
        draft: Draft,
        category: str | None,
        limit: str,
        former: Seen | None,
    ) -> Change:
        """Reported only: a supervisor files, rejects or merges it."""
        change.case.set(limit=limit)
        start_step(change, self.reference.book, Stage.FILE, self.at)
        relapse = f"疑为 {former.number} 的反弹。" if former else ""
        said = f"由{self.origin.name}上报，待立案。{relapse}"
        seq = change.record(Verb.REPORT, self.at, said, category=category, **self._pictures(draft))
        self._show(change, draft, seq)
        plan(change, self.reference.book)
        return change

    def _fixed(self, change: Change, draft: Draft) -> Change:
        change.move(Status.CLOSED, self.at)
        change.case.set(closed_at=self.at, submitted_at=self.at, late=False)
        said = f"现场已整改，登记销号（{self.origin.name}）。"
        seq = change.record(Verb.FIX_ON_SPOT, self.at, said, **self._pictures(draft))
        self._show(change, draft, seq)
        return change

    def _new_case(
        self, draft: Draft, category: str | None, area_id: int | None, former: Seen | None
    ) -> CaseState:
        return new_case(
            self.numbers,
            draft.place,
            draft.problem,
            self.reference.active,
            self.at,
            area_id=area_id,
            category_code=category,
            severity=draft.severity,
            lat=draft.lat,
            lon=draft.lon,
            recurrence_of=former.case_id if former else None,
        )

    def _keep(
        self,
        line: _Line,
        outcome: FindingOutcome,
        case_id: int | None,
        reason: Words,
        confidence: float | None = None,
    ) -> Answer:
        draft = line.draft
        self.findings.append(
            {
                "key": line.key,
                "wording": line.wording,
                "batch_id": self.batch_id,
                "row": draft.row[:64],
                "outcome": outcome,
                "reason": json.dumps(reason, ensure_ascii=False),
                "case_id": case_id,
                "place": draft.place[:LONGEST_PROBLEM],
                "problem": draft.problem[:LONGEST_PROBLEM],
                "paper": line.facts,
                "confidence": confidence,
                "found_on": draft.found_on,
                "person_id": draft.person_id,
                "taken_at": self.at,
            }
        )
        answer = Answer(draft.row, outcome, None, reason)
        self.known_rows[line.key] = answer
        return answer

    def _remember(self, change: Change) -> None:
        """Let the rest of the chunk see this case."""
        case = change.case
        fixed = case.status is Status.CLOSED
        self.seen[case.place_key].append(
            Seen(
                case.id,
                case.number,
                case.place,
                case.category_code,
                case.problem,
                self.at,
                not fixed,
                self.at if fixed else None,
            )
        )

    # -- the database --------------------------------------------------------------------------

    def _lock(self) -> None:
        """Hold the counters: the order of intake, the next case and the next number."""
        year = self.at.astimezone(self.reference.zone).year
        self.numbers = Numbers(self.connection, year)
        self.batch_id = _batch(self.connection, self.origin, self.at)

    def _recall(self, lines: Sequence[_Line]) -> None:
        """What the ledger already knows of these rows, words and places.

        Words count only from other paper: the same line twice on one paper is two reports.
        """
        findings, cases = table(Finding), table(Case)
        joined = findings.outerjoin(cases, findings.c.case_id == cases.c.id)
        columns = (findings.c.key, findings.c.outcome, findings.c.reason, cases.c.number)
        mine = among(self.connection, findings.c.key, [line.key for line in lines])
        rows = sa.select(*columns).select_from(joined).where(mine)
        self.known_rows = {row.key: _stored(row) for row in self.connection.execute(rows)}
        words = (
            sa.select(findings.c.wording, cases.c.number)
            .select_from(joined)
            .where(
                among(self.connection, findings.c.wording, [line.wording for line in lines]),
                cases.c.status.in_(OPEN_STATUSES),
                findings.c.batch_id != self.batch_id,
            )
        )
        self.known_words = {row.wording: row.number for row in self.connection.execute(words)}
        self._recall_places({place_key(line.draft.place) for line in lines if line.draft.place})

    def _recall_places(self, places: set[str]) -> None:
        cases = table(Case)
        policy = self.reference.book.policy
        since = self.at - policy.window(policy.recurrence_within)
        rows = self.connection.execute(
            sa.select(cases).where(
                among(self.connection, cases.c.place_key, places),
                sa.or_(cases.c.status.in_(OPEN_STATUSES), cases.c.closed_at >= since),
            )
        )
        for row in rows:
            self.seen[row.place_key].append(
                Seen(
                    row.id,
                    row.number,
                    row.place,
                    row.category_code,
                    row.problem,
                    row.reported_at,
                    row.status in OPEN_STATUSES,
                    row.closed_at,
                )
            )
        for seen in merged_at(self.connection, places):
            self.seen[place_key(seen.place)].append(seen)

    def _change_of(self, case_id: int) -> Change:
        if case_id not in self.changes:
            cases = table(Case)
            query = sa.select(cases).where(cases.c.id == case_id).with_for_update()
            row = self.connection.execute(query).mappings().one()
            self.changes[case_id] = Change(CaseState(row))
        return self.changes[case_id]

    def _write(self) -> None:
        apply(self.connection, list(self.changes.values()))
        insert(self.connection, Finding, self.findings)
        for ids, case_id, person_id, seq in self.shown:
            attach(self.connection, ids, case_id, person_id, PhotoPurpose.FINDING, seq)
        self.numbers.keep()


_TOLD_SAME = Words("上报人认定为同一问题", "whoever handed it in says it is the same problem")
_NOT_TO_BE_JOINED = Words(
    "要并入的案件已经办结或不存在。请去掉“并入”，作为新问题上报。",
    "the case it should join is closed by now or does not exist. Hand it in as a new problem.",
)
_SAME_WORDS = Words(
    "同样文字的问题已在办，未重复立案", "known word for word, and its case is still open"
)


def _opened(change: Change, relapse: Words | None) -> Words:
    case = change.case
    zh = f"{relapse.zh}；" if relapse else ""
    en = f"{relapse.en}; " if relapse else ""
    if case.status is Status.UNDECIDED:
        said = json.loads(change.records[-1]["data"])["reason_en"]
        return Words(zh + change.records[-1]["words"], f"{en}undecided: {said}")
    if case.status is Status.REPORTED:
        return Words(f"{zh}已上报，待立案", f"{en}reported, to be filed")
    if case.status is Status.CLOSED:
        return Words(f"{zh}现场已整改，已销号", f"{en}fixed on the spot, closed")
    return Words(f"{zh}已交办，时限{case.limit}", f"{en}dispatched, limit: {_english(case.limit)}")


@lru_cache
def _english(limit: str) -> str:
    return parse(limit).words.en


def _again(draft: Draft, known: Answer) -> Answer:
    """The same row of the same paper once more: nothing changes; a refusal stays a refusal."""
    if known.outcome is FindingOutcome.REJECTED:
        return Answer(draft.row, known.outcome, None, known.reason)
    return Answer(draft.row, FindingOutcome.UNCHANGED, known.case, known.reason)


def _stored(row: Any) -> Answer:
    return Answer("", row.outcome, row.number, Words(*json.loads(row.reason)))


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def _line(origin: Origin, draft: Draft) -> _Line:
    facts = _paper_facts(draft)
    said = _JSON.encode([draft.place, draft.problem, str(draft.found_on), facts])
    key = sha256(f"{origin.digest}\n{draft.row}".encode()).hexdigest()
    return _Line(draft, facts, key, sha256(said.encode()).hexdigest())


def _paper_facts(draft: Draft) -> dict[str, Any]:
    """The rest of what the paper says, leaving out what it does not say."""
    facts = {
        "area": draft.area,
        "category": draft.category[:120],
        "units": list(draft.units),
        "coordinate": draft.coordinate,
        "limit": draft.limit[:120],
        "inspector": draft.inspector[:120],
        "severity": draft.severity[:120],
        "number": draft.number[:120],
        "batch": draft.batch[:120],
        "remark": draft.remark[:LONGEST_PROBLEM],
        "fixed_on_spot": draft.fixed_on_spot,
    }
    return {name: value for name, value in facts.items() if value}


def _batch(connection: Connection, origin: Origin, at: datetime) -> int:
    batches = table(Batch)
    query = sa.select(batches.c.id).where(batches.c.digest == origin.digest)
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return int(known)
    row = {"digest": origin.digest, "name": origin.name, "title": origin.title, "taken_at": at}
    result = connection.execute(sa.insert(batches).values(**row).returning(batches.c.id))
    return int(result.scalar_one())
