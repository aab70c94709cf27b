"""钉钉: whoever has agreed on its own page.

It refuses with an HTTP status, a `code` in words and a `message`.
https://open.dingtalk.com/document/orgapp/obtain-identity-credentials (sign-in),
/obtain-user-token (the person's token), /dingtalk-retrieve-user-information (who it is).
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from portal.identity import settings
from portal.identity.talking import Answer, Why, ask, code_of, refused, who
from portal.identity.who import Who

_REFUSALS = {
    "invalidParameter.authCode.notFound": Why.CODE,
    "InvalidAuthentication": Why.CODE,
    "Forbidden.AccessDenied.QpsLimitForApi": Why.BUSY,
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": Why.BUSY,
    "ServiceUnavailable": Why.BUSY,
}


class DingTalk:
    """An internal app of an organisation. People are named by their unionId."""

    def __init__(self, house: settings.DingTalk) -> None:
        self.name, self.label, self._house = house.name, house.label, house
        self._secret = house.client_secret.get_secret_value()
        self._issuer = house.issuer or f"dingtalk:{house.client_id}"

    def begin(self, state: str, nonce: str, redirect: str, agent: str = "") -> str:
        """The page on which to agree."""
        query = {
            "client_id": self._house.client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "openid",
            "prompt": "consent",
            "state": state,
        }
        return f"{self._house.login_url}/oauth2/auth?{urlencode(query)}"

    def finish(self, params: Mapping[str, str], nonce: str, redirect: str, at: datetime) -> Who:
        """Who has agreed."""
        code = code_of(self.label, params, "authCode", "code")
        token = self._token(code)
        answer = ask(
            self.label,
            "GET",
            f"{self._house.api_url}/v1.0/contact/users/me",
            headers={"x-acs-dingtalk-access-token": token},
        )
        person = self._checked(answer, "unionId", token)
        return who(
            self.label, self._issuer, person.text("unionId"), person.text("nick"),
            person.text("email"),
        )  # fmt: skip

    def _token(self, code: str) -> str:
        question = {
            "clientId": self._house.client_id,
            "clientSecret": self._secret,
            "code": code,
            "grantType": "authorization_code",
        }
        answer = ask(
            self.label,
            "POST",
            f"{self._house.api_url}/v1.0/oauth2/userAccessToken",
            json=question,
        )
        return self._checked(answer, "accessToken", code).text("accessToken")

    def _checked(self, answer: Answer, wanted: str, *hidden: str) -> Answer:
        """The answer, when it holds what was wanted and no refusal."""
        code = answer.text("code")
        if answer.status == 200 and not code and answer.text(wanted):
            return answer
        busy = answer.status == 429 or answer.status >= 500
        why = _REFUSALS.get(code, Why.BUSY if busy else Why.SETTINGS)
        said = f"{answer.text('message')} {code or answer.status}"
        raise refused(self.label, why, said, self._secret, *hidden)
