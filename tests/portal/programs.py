"""Programs in tests: they hold a token, and talk to the interface as programs do."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from ledger import tokens
from ledger.tokens import Scope
from portal.api.v1 import AT
from tests.portal.readers import Portal


@dataclass
class Program:
    """A program with the token of somebody's account."""

    client: TestClient
    headers: dict[str, str]

    def get(self, url: str, **more: Any) -> Any:
        """The answer to an address within /api/v1."""
        return self.client.get(AT + url, headers=self.headers | more.pop("headers", {}), **more)

    def post(self, url: str, body: Any = None, key: str = "", **more: Any) -> Any:
        """The answer to a document."""
        headers = self.headers | more.pop("headers", {})
        if key:
            headers |= {"Idempotency-Key": key}
        return self.client.post(AT + url, json=body, headers=headers, **more)

    def send(self, url: str, data: bytes, media: str) -> Any:
        """The answer to bytes."""
        headers = self.headers | {"content-type": media}
        return self.client.post(AT + url, content=data, headers=headers)


def program(portal: Portal, who: str, scopes: Iterable[Scope] = tuple(Scope)) -> Program:
    """A program with a new token of somebody's."""
    with portal.world.ledger.transaction() as connection:
        _, token = tokens.make(
            connection, portal.accounts[who], "12345 热线", set(scopes), portal.world.now
        )
    return holder(portal, token)


def holder(portal: Portal, token: str) -> Program:
    """A program that sends this token, whatever it is."""
    client = TestClient(portal.app, base_url="http://testserver", raise_server_exceptions=False)
    return Program(client, {"Authorization": f"Bearer {token}"})


def picture(colour: str = "grey") -> bytes:
    """A small JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()
