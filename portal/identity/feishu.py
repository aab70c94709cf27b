"""飞书: whoever has agreed on its own page. With other addresses, Lark.

For the token it refuses with HTTP 400, for the person with HTTP 200; what counts is `code`.
https://open.feishu.cn/document/authentication-management/access-token/obtain-oauth-code
(sign-in), /get-user-access-token (the person's token), and authen-v1/user_info (who it is).
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from portal.identity import settings
from portal.identity.talking import Answer, Why, ask, challenge, code_of, derived, refused, who
from portal.identity.who import Who

_REFUSALS = dict.fromkeys(("20003", "20004", "20005", "20049", "20065"), Why.CODE)
_REFUSALS |= dict.fromkeys(("20008", "20010", "20021", "20022", "20023", "20066"), Why.PERSON)
_REFUSALS |= dict.fromkeys(("20050", "20072", "99991400"), Why.BUSY)


class Feishu:
    """An app of an organisation's own. People are named by their union_id."""

    def __init__(self, house: settings.Feishu) -> None:
        self.name, self.label, self._house = house.name, house.label, house
        self._secret = house.app_secret.get_secret_value()
        self._issuer = house.issuer or f"feishu:{house.app_id}"

    def begin(self, state: str, nonce: str, redirect: str, agent: str = "") -> str:
        """The page on which to agree."""
        query = {
            "client_id": self._house.app_id,
            "response_type": "code",
            "redirect_uri": redirect,
            "state": state,
            "code_challenge": challenge(derived(nonce, "verifier")),
            "code_challenge_method": "S256",
        }
        return f"{self._house.login_url}/open-apis/authen/v1/authorize?{urlencode(query)}"

    def finish(self, params: Mapping[str, str], nonce: str, redirect: str, at: datetime) -> Who:
        """Who has agreed."""
        code = code_of(self.label, params, "code")
        token = self._token(code, nonce, redirect)
        answer = ask(
            self.label,
            "GET",
            f"{self._house.api_url}/open-apis/authen/v1/user_info",
            headers={"Authorization": f"Bearer {token}"},
        )
        data = self._checked(answer, token).body.get("data")
        person = Answer(answer.status, data if isinstance(data, dict) else {})
        return who(
            self.label, self._issuer, person.text("union_id"), person.text("name", "en_name"),
            person.text("employee_no"), person.text("enterprise_email", "email"),
        )  # fmt: skip

    def _token(self, code: str, nonce: str, redirect: str) -> str:
        question = {
            "grant_type": "authorization_code",
            "client_id": self._house.app_id,
            "client_secret": self._secret,
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": derived(nonce, "verifier"),
        }
        address = f"{self._house.api_url}/open-apis/authen/v2/oauth/token"
        answer = ask(self.label, "POST", address, json=question)
        return self._checked(answer, code).text("access_token")

    def _checked(self, answer: Answer, *hidden: str) -> Answer:
        code = answer.text("code")
        if answer.status == 200 and code == "0":
            return answer
        busy = answer.status == 429 or answer.status >= 500
        why = _REFUSALS.get(code, Why.BUSY if busy else Why.SETTINGS)
        said = f"{code or answer.status} {answer.text('error_description', 'msg')}"
        raise refused(self.label, why, said, self._secret, *hidden)
