"""门: the houses one portal trusts, and the journeys to them that are under way."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from duban.settings import Settings
from portal.identity import settings
from portal.identity.dingtalk import DingTalk
from portal.identity.feishu import Feishu
from portal.identity.journey import Journeys, Seal
from portal.identity.oidc import Oidc
from portal.identity.wecom import WeCom
from portal.identity.who import Provider

_MADE_BY: Mapping[str, Callable[[Any], Provider]] = {
    "oidc": Oidc, "wecom": WeCom, "dingtalk": DingTalk, "feishu": Feishu,
}  # fmt: skip
_OWN_SECRET = secrets.token_bytes(32)


class Gate:
    """Where people come in who have signed in elsewhere. `address` is the portal's own."""

    def __init__(self, found: settings.SignIn, address: str) -> None:
        secret = found.cookie_secret
        self.providers = {house.name: _MADE_BY[house.kind](house) for house in found.providers}
        self.seal = Seal(secret.get_secret_value() if secret else _OWN_SECRET)
        self.journeys = Journeys(self.seal)
        self._address = address

    def redirect(self, name: str) -> str:
        """Where the browser comes back to: from our settings, never from what it says itself."""
        return f"{self._address}/sign-in/{name}/callback"


def gate(asked: Settings) -> Gate:
    """The gate by these settings, made once. Raises SignInTrouble when its file will not do."""
    return _gate(asked.sign_in_file, asked.address())


@cache
def _gate(file: Path | None, address: str) -> Gate:
    return Gate(settings.read(file) if file else settings.SignIn(), address)


def providers(asked: Settings) -> Sequence[Provider]:
    """Every house people may come by, in the order of the file."""
    return list(gate(asked).providers.values())
