"""A portal that trusts another house, and somebody before its door."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ledger import identities
from models.account import Session
from portal.pages import outside
from tests.portal.standin_apps import DingTalk, Feishu, WeCom
from tests.portal.standin_oidc import Oidc
from tests.portal.standins import House

HOUSES: tuple[type[House], ...] = (WeCom, DingTalk, Feishu, Oidc)


@dataclass
class Door:
    """A portal that trusts one house, and Alice at a browser that has not signed in."""

    portal: Any
    house: House
    name: str
    browser: Any

    def leaves(self, **query: str) -> str:
        """The way to the other house: its address."""
        answer = self.browser.client.get(
            f"/sign-in/{self.name}", params=query, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def returns(self, back: str) -> Any:
        """What the portal answers to the way back."""
        return self.browser.get(back)

    def signs_in(self, **query: str) -> Any:
        """There, agreed, and back."""
        return self.returns(self.house.agree(self.leaves(**query)))

    def linked(self, subject: str = "a11ce", who: str = "alice") -> None:
        """The administrator has linked a name of the house to an account."""
        world = self.portal.world
        with world.ledger.transaction() as connection:
            account = self.portal.accounts[who]
            identities.link(connection, account, self.house.issuer, subject, world.now)

    def sessions(self) -> int:
        """How many sessions there are."""
        return len(self.portal.world.rows(Session))

    @property
    def inside(self) -> bool:
        """Whether the browser is signed in."""
        return self.browser.get("/password").status_code == 200


def opened(portal: Any, house: House, tmp_path: Path) -> Door:
    """The door of a portal whose settings name this house."""
    entry = house.entry()
    file = tmp_path / "sign-in.yaml"
    file.write_text(yaml.safe_dump({"providers": [entry]}), "utf-8")
    found = portal.app.state.house
    found.settings = found.settings.model_copy(update={"sign_in_file": file})
    return Door(portal, house, entry["name"], portal.reader())


@contextmanager
def unhurried() -> Iterator[None]:
    """As many sign-ins from one address as one likes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outside._tries, "hit", lambda *_: True)
        yield
