"""What a service means by a code: a table per service, read against the body of its answer."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from models.delivery import DeliveryOutcome
from notices.channels.answers import Answer, accepted, of_http, refused, strange
from notices.channels.http import Reply

TEMPORARY, TOO_FAST, PERMANENT, MISCONFIGURED = (
    DeliveryOutcome.TEMPORARY,
    DeliveryOutcome.TOO_FAST,
    DeliveryOutcome.PERMANENT,
    DeliveryOutcome.MISCONFIGURED,
)


class Code(NamedTuple):
    """One row: by `code`, and where one code has several meanings by what its text `says`.

    `words` say what is wrong and where an administrator mends it; `again` is how long the service
    is known to stay closed.
    """

    code: int
    outcome: DeliveryOutcome
    words: str
    says: str = ""
    again: timedelta | None = None


class Table(NamedTuple):
    """The codes of a service, and where its answer keeps code, text and receipt."""

    rows: Sequence[Code]
    code: str = "errcode"
    text: str = "errmsg"
    receipt: str = ""

    def read(self, reply: Reply) -> Answer:
        """What the answer comes to. Accepted is only what says so: HTTP 2xx and the code 0.

        A known code decides whatever the HTTP status is; an unknown one may pass by itself.
        """
        said = reply.said or {}
        code = said.get(self.code)
        text = str(said.get(self.text) or "")
        if row := self._row(code, text):
            words = f"{row.words}（{row.code}：{text}）"
            return refused(row.outcome, words, reply.again or row.again)
        if not 200 <= reply.status < 300:
            return of_http(reply.status, reply.body, reply.again)
        if type(code) is not int:  # True is no code
            return strange(reply.text)
        if code == 0:
            return accepted(self._receipt(said))
        return refused(TEMPORARY, f"对方没有受理，错误码 {code}：{text}", reply.again)

    def _row(self, code: Any, text: str) -> Code | None:
        fits = (
            row
            for row in self.rows
            if row.code == code and type(code) is int and re.search(row.says, text, re.IGNORECASE)
        )
        return next(fits, None)

    def _receipt(self, said: dict[str, Any]) -> str:
        """The name of the message: a path such as `data.pushid`."""
        found: Any = said
        for name in self.receipt.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return str(found)[:200] if isinstance(found, str | int) else ""
