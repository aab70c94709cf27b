"""One paper, from bytes to answers: read, taken in, and the refused rows handed back.

No Prefect here: the command line takes papers in by the same function.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from documents import refused
from documents.paper import PaperTrouble
from documents.reading import read
from ledger.database import Ledger
from ledger.intake import Answer, Origin, receive
from models.finding import FindingOutcome


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a paper: one answer for each row, and where the refused rows lie."""

    answers: list[Answer]
    sheet: Path | None

    def count(self, outcome: FindingOutcome) -> int:
        """How many rows ended so."""
        return sum(answer.outcome is outcome for answer in self.answers)


def take(
    ledger: Ledger,
    data: bytes,
    name: str,
    at: datetime,
    sheet: Path | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Taken:
    """Take a paper in as of `at`; refused rows are written to a file like `sheet`.

    `progress` hears of every chunk: rows done, rows in all. Raises PaperTrouble when the file
    as a whole cannot be read.
    """
    paper = read(data, name)
    origin = Origin(sha256(data).hexdigest(), Path(name).name, paper.title)
    answers: list[Answer] = []
    progress(0, len(paper.drafts))
    for chunk in receive(ledger, origin, paper.drafts, at, dry_run=dry_run):
        answers += chunk
        progress(len(answers), len(paper.drafts))
    reasons = {a.row: a.reason for a in answers if a.outcome is FindingOutcome.REJECTED}
    if not reasons or sheet is None or dry_run:
        return Taken(answers, None)
    return Taken(answers, refused.write(paper, reasons, sheet))


def take_inbox(ledger: Ledger, inbox: Path, at: datetime) -> Iterator[tuple[str, Taken | str]]:
    """Take in every paper lying in `inbox`, then put it into `done`, or into `failed`.

    Only a paper that is itself at fault fails; a ledger that is away leaves it in the inbox.
    Yields the name with what became of it, or with why it could not be read. A crash before
    the file is moved is harmless: the same paper twice changes nothing.
    """
    for path in sorted(p for p in inbox.glob("*") if p.is_file() and not p.name.startswith(".")):
        try:
            sheet = _free(inbox / "refused", f"{path.stem}-未受理{path.suffix}")
            outcome: Taken | str = take(ledger, path.read_bytes(), path.name, at, sheet)
            _put(path, inbox / "done")
        except PaperTrouble as trouble:
            outcome = str(trouble.words)
            _put(path, inbox / "failed")
        yield path.name, outcome


def _put(path: Path, folder: Path) -> None:
    path.rename(_free(folder, path.name))


def _free(folder: Path, name: str) -> Path:
    """A place in the folder under this name, numbered where its stem is taken.

    The stem, because what comes back of an .xls is an .xlsx.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = wished = folder / name
    taken = {path.stem for path in folder.iterdir()}
    number = 1
    while target.stem in taken:
        number += 1
        target = wished.with_stem(f"{wished.stem}-{number}")
    return target
