"""OpenID Connect: the code flow with PKCE; the ID token is verified with joserfc and Authlib."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from models.words import Trouble, Words
from portal.identity import settings
from portal.identity.talking import (
    Answer,
    Why,
    ask,
    challenge,
    code_of,
    derived,
    doubted,
    refused,
    who,
)
from portal.identity.who import Who

SKEW = 60
"""Seconds by which the clocks of two houses may differ."""
SIGNED_BY = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
"""Signatures only the house itself can make: no "none", and none with our shared secret."""

_REFUSALS = {
    "invalid_grant": Why.CODE,
    "access_denied": Why.PERSON,
    "temporarily_unavailable": Why.BUSY,
    "server_error": Why.BUSY,
}
_DOUBTS = {
    "exp": Words("令牌已过期，请核对两边的时钟", "the token has expired; compare the clocks"),
    "iat": Words(
        "令牌的时间在将来，请核对两边的时钟", "the token is of the future; compare the clocks"
    ),
    "nbf": Words(
        "令牌尚未生效，请核对两边的时钟", "the token is not valid yet; compare the clocks"
    ),
    "iss": Words("令牌不是它签发的", "the token is not of this issuer"),
    "aud": Words("令牌不是给本系统的", "the token is not for this client"),
    "azp": Words("令牌不是给本系统的", "the token is not for this client"),
    "nonce": Words("令牌不属于这次登录", "the token is not of this sign-in"),
}
_SIGNATURE = Words("令牌的签名不对", "the signature of the token is wrong")


@dataclass(frozen=True, slots=True)
class Signposts:
    """Where a house answers what, from its discovery document."""

    authorize: str
    token: str
    keys: str
    basic: bool
    """Whether it takes our secret in a header, else in the body."""


class Oidc:
    """A house that speaks OpenID Connect, such as Keycloak."""

    def __init__(self, house: settings.Oidc) -> None:
        self.name, self.label, self._house = house.name, house.label, house
        self._secret = house.client_secret.get_secret_value()

    def begin(self, state: str, nonce: str, redirect: str, agent: str = "") -> str:
        """Its authorization endpoint. Raises Trouble when it cannot be found out."""
        query = {
            "response_type": "code",
            "client_id": self._house.client_id,
            "redirect_uri": redirect,
            "scope": self._house.scopes,
            "state": state,
            "nonce": derived(nonce, "nonce"),
            "code_challenge": challenge(derived(nonce, "verifier")),
            "code_challenge_method": "S256",
        }
        address = self._signposts.authorize
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def finish(self, params: Mapping[str, str], nonce: str, redirect: str, at: datetime) -> Who:
        """Whom its ID token names."""
        issuer = self._house.issuer
        if params.get("iss", issuer) != issuer:  # RFC 9207: the answer of another house
            raise doubted(self.label, _DOUBTS["iss"])
        tokens = self._tokens(code_of(self.label, params, "code"), nonce, redirect)
        claims = self._claims(tokens, nonce, at)
        login = str(claims.get("preferred_username") or "")
        name = str(claims.get("name") or login or claims.get("email") or "")
        return who(
            self.label, issuer, claims.get("sub"), name, login, str(claims.get("email") or "")
        )

    @cached_property
    def _signposts(self) -> Signposts:
        """Asked once; a failure is not remembered."""
        issuer = self._house.issuer
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._asked(ask(self.label, "GET", address))
        if found.text("issuer") != issuer:
            raise refused(self.label, Why.SETTINGS, f"issuer: {found.text('issuer')}")
        ways = found.body.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Signposts(
            self._address(found, "authorization_endpoint"),
            self._address(found, "token_endpoint"),
            self._address(found, "jwks_uri"),
            basic="client_secret_basic" in ways,
        )

    def _address(self, found: Answer, name: str) -> str:
        try:
            return settings.safe(found.text(name))
        except ValueError:
            raise refused(self.label, Why.SETTINGS, f"{name}: {found.text(name)}") from None

    def _tokens(self, code: str, nonce: str, redirect: str) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": derived(nonce, "verifier"),
        }
        client, secret = self._house.client_id, self._secret
        auth = None
        if self._signposts.basic:
            auth = (quote_plus(client), quote_plus(secret))  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": client, "client_secret": secret}
        answer = ask(self.label, "POST", self._signposts.token, data=form, auth=auth)
        return self._asked(answer, code, self._secret)

    def _asked(self, answer: Answer, *hidden: str) -> Answer:
        if answer.status == 200 and not answer.text("error"):
            return answer
        error = answer.text("error")
        busy = answer.status == 429 or answer.status >= 500
        why = _REFUSALS.get(error, Why.BUSY if busy else Why.SETTINGS)
        said = f"{error} {answer.text('error_description')}".strip() or f"HTTP {answer.status}"
        raise refused(self.label, why, said, *hidden)

    def _claims(self, tokens: Answer, nonce: str, at: datetime) -> Mapping[str, Any]:
        """What the ID token says, once everything about it has been checked."""
        keys = self._keys()
        try:
            token = jwt.decode(tokens.text("id_token"), keys, algorithms=SIGNED_BY)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._house.issuer},
                    "aud": {"essential": True, "value": self._house.client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": derived(nonce, "nonce"),
                    "client_id": self._house.client_id,
                    "access_token": tokens.text("access_token"),
                },
            )
            claims.validate(int(at.timestamp()), SKEW)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._doubt(error) from None
        return dict(token.claims)

    def _doubt(self, error: Exception) -> Trouble:
        claim = str(getattr(error, "claim", ""))
        other = Words(f"令牌的 {claim} 不对", f"the token's {claim} is wrong")
        return doubted(self.label, _DOUBTS.get(claim, other) if claim else _SIGNATURE)

    def _keys(self) -> KeySet:
        """The keys it signs with now: asked each time, for they change."""
        found = self._asked(ask(self.label, "GET", self._signposts.keys)).body.get("keys")
        signing = [
            key
            for key in (found if isinstance(found, list) else [])
            if isinstance(key, dict)
            and key.get("kty") in ("RSA", "EC")
            and key.get("use", "sig") == "sig"
        ]
        try:
            return KeySet.import_key_set({"keys": signing})
        except (JoseError, ValueError, TypeError, KeyError):
            raise refused(self.label, Why.SETTINGS, "jwks_uri") from None
