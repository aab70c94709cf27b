"""A house that speaks OpenID Connect, and tokens that are not what they should be."""

import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.portal.standins import SECRET, Asked, Code, House, Reply, s256

_KEY = RSAKey.generate_key(2048, {"kid": "today", "use": "sig", "alg": "RS256"})
FOREIGN_KEY = RSAKey.generate_key(2048, {"kid": "today", "use": "sig", "alg": "RS256"})
"""Somebody else's key under the name of the house's own."""


@dataclass
class Oidc(House):
    """A house like Keycloak. What is wrong with its tokens can be chosen."""

    kind = "oidc"
    now: Callable[[], float] = lambda: 0.0
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims that differ from what they should be; None leaves one out."""
    sign: Callable[[dict[str, Any]], str] | None = None
    """How it signs, if not with its own key."""
    discovery: dict[str, Any] = field(default_factory=dict)
    """What differs in its discovery document."""

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/city"

    def entry(self) -> dict[str, Any]:
        return {
            "name": "city", "kind": "oidc", "issuer": self.issuer, "client_id": "duban",
            "client_secret": SECRET,
        }  # fmt: skip

    def is_before(self, name: str, subject: str) -> None:
        self.person = {"sub": subject, "name": name, "preferred_username": name.lower()}

    def routes(self) -> Mapping[str, Callable[[Asked], Reply]]:
        return {
            "GET /realms/city/.well-known/openid-configuration": self._discovery,
            "GET /realms/city/auth": self._page,
            "POST /realms/city/token": self._exchange,
            "GET /realms/city/certs": self._certs,
        }

    def _discovery(self, _: Asked) -> Reply:
        base = self.issuer
        return Reply(
            200,
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/auth",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/certs",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.discovery,
            },
        )

    def _page(self, asked: Asked) -> Reply:
        query = asked.query
        wanted = {
            "client_id": "duban", "response_type": "code", "code_challenge_method": "S256",
            "scope": "openid profile",
        }  # fmt: skip
        if not wanted.items() <= dict(query).items():
            return Reply(400, "<h1>Invalid parameter</h1>")
        return self.back(
            asked, challenge=query["code_challenge"], redirect=query["redirect_uri"],
            nonce=query["nonce"],
        )  # fmt: skip

    def _exchange(self, asked: Asked) -> Reply:
        if self.busy:
            return Reply(429, "<h1>Too many requests</h1>")
        if self._client(asked) != ("duban", self.secret):
            words = "Invalid client or Invalid client credentials"
            return Reply(401, {"error": "unauthorized_client", "error_description": words})
        code = self.codes.get(asked.body.get("code", ""))
        if code is None or code.used or code.old:
            return _no_grant("Code not valid")
        code.used = True
        if s256(asked.body.get("code_verifier", "")) != code.bound["challenge"]:
            return _no_grant("PKCE verification failed: Code mismatch")
        if asked.body.get("redirect_uri") != code.bound["redirect"]:
            return _no_grant("Incorrect redirect_uri")
        access = secrets.token_urlsafe(40)
        token = self._signed(code, access)
        return Reply(200, {"access_token": access, "token_type": "Bearer", "id_token": token})

    def _client(self, asked: Asked) -> tuple[str, str]:
        given = asked.headers.get("Authorization", "")
        if not given:
            return asked.body.get("client_id", ""), asked.body.get("client_secret", "")
        name, _, secret = b64decode(given.removeprefix("Basic ")).decode().partition(":")
        return unquote_plus(name), unquote_plus(secret)

    def _signed(self, code: Code, access: str) -> str:
        half = sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer, "aud": "duban", "iat": int(self.now()),
            "exp": int(self.now()) + 300, "nonce": code.bound["nonce"],
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(), **code.person,
            **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return (self.sign or signed_by(_KEY))(claims)

    def _certs(self, _: Asked) -> Reply:
        encrypting = {**_KEY.as_dict(private=False), "kid": "other", "use": "enc"}
        keys = [encrypting, _KEY.as_dict(private=False), {"kty": "unheard-of", "kid": "?"}]
        return Reply(200, {"keys": keys})


def _no_grant(words: str) -> Reply:
    return Reply(400, {"error": "invalid_grant", "error_description": words})


def signed_by(key: RSAKey) -> Callable[[dict[str, Any]], str]:
    """Signs with a key, under the name of the house's own."""
    return lambda claims: jwt.encode({"alg": "RS256", "kid": "today"}, claims, key)


def with_shared_secret(claims: dict[str, Any]) -> str:
    """Signs with what we know, too."""
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says it needs no signature."""
    parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims)]
    return ".".join(urlsafe_b64encode(p.encode()).rstrip(b"=").decode() for p in parts) + "."
