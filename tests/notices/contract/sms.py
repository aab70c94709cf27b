"""An SMS gateway as small houses run them: JSON or a form, its own codes, 200 whatever happens."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import MISCONFIGURED, TEMPORARY, UNKNOWN, Case, Subject, refusal

USER, PASSWORD, PHONE = "duban", "s3cretOfTheGateway", "13800138000"


@dataclass
class SmallGateway(StandIn):
    password: str = PASSWORD
    balance: int = 10

    def answer(self, asked: Asked) -> Told:
        if asked.path != "/send":
            return Told(404)
        login = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if asked.headers["Authorization"] != f"Basic {login}":
            return Told(401, b"login first")
        if self.balance < 1:
            return told({"code": 103, "msg": "余额不足"})
        self.taken.append(asked.json)
        return told({"code": 0, "msg": "ok", "data": {"id": 20260929001}})


def _set(**settings: Any) -> Any:
    return lambda stand_in: stand_in.__dict__.update(settings)


def address(base: str, **query: str) -> str:
    """Its address; `query` as it stands there, decoded."""
    asked = {"to": PHONE, "ok": "code:0", "receipt": "data.id", **query}
    kept = {name: value for name, value in asked.items() if value}
    host = f"sms://{USER}:{PASSWORD}@gateway.example/send"
    return f"{host}?{urlencode(kept | {'base': base})}"


SUBJECT = Subject(
    "sms",
    SmallGateway,
    address,
    [
        refusal("another password", _set(password="other"), MISCONFIGURED, "401"),
        refusal("no money", _set(balance=0), TEMPORARY, "余额不足"),
    ],
    (PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()),
)
NOT_SAID = Case("200 with an error nobody told us how to read", (UNKNOWN,), how=_set(balance=0))
"""Without `ok` in its address."""
