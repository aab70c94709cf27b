"""A ledger as one viewer may write it: the check and the verb are one transaction."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import Overtaken, table
from ledger.database import Ledger
from ledger.scope import case_for, concerns
from models.case import Case
from models.verb import Verb
from models.words import Trouble
from rules.permission import Viewer, may


class NotYours(Trouble):
    """The viewer sees the case, but that verb is for others."""


@dataclass(frozen=True, slots=True)
class Watched(Ledger):
    """A ledger on which one viewer does one thing to one case.

    Its transactions raise Missing for a case out of the viewer's scope, NotYours for verbs that
    are not theirs, and Overtaken when the case is no longer of the `version` they looked at.
    `also` is done in the same transaction, after a verb that was not refused.
    """

    viewer: Viewer
    number: str
    verbs: Collection[Verb]
    version: int | None = None
    also: Callable[[Connection], None] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, in which the case was and stays in the viewer's reach."""
        with Ledger.transaction(self) as connection:
            before = self._check(connection)
            yield connection
            # The verb holds the case by now. Had anybody else moved it after the check, it
            # would be of a later version than ours alone makes it.
            after = self._version(connection)
            if after > before + 1:
                raise Overtaken
            if self.also is not None and after > before:
                self.also(connection)

    def _check(self, connection: Connection) -> int:
        case = case_for(connection, self.viewer, self.number)
        if not may(concerns(connection, self.viewer, case)) & frozenset(self.verbs):
            raise NotYours(
                "这一步不由您办理。可以做的事列在案件页上。",
                "This step is not yours to take. What you can do is shown on the case's page.",
            )
        if self.version is not None and case.version != self.version:
            raise Overtaken
        return int(case.version)

    def _version(self, connection: Connection) -> int:
        cases = table(Case)
        query = sa.select(cases.c.version).where(cases.c.number == self.number)
        return int(connection.execute(query).scalar_one())
