"""OpenID Connect: what an ID token has to prove, and what is not believed."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from models.words import Trouble
from portal.identity import settings
from portal.identity.oidc import Oidc as Provider
from tests.portal import standin_oidc
from tests.portal.standin_oidc import FOREIGN_KEY, Oidc, signed_by
from tests.portal.standins import Reply, running
from tests.world import instant

NOW = instant("2026-09-24 15:00")
BACK = "https://duban.example/sign-in/city/callback"
NONCE = "the secret of a browser"


@pytest.fixture
def house() -> Iterator[Oidc]:
    """A house, and Alice before its page."""
    with running(Oidc(now=NOW.timestamp)) as house:
        house.is_before("Alice", "a11ce")
        yield house


@pytest.fixture
def provider(house: Oidc) -> Provider:
    """The house as our settings name it."""
    return Provider(settings.Oidc.model_validate(house.entry()))


def come(provider: Provider, house: Oidc, nonce: str = NONCE, **more: str) -> Any:
    """There and back; gives who it is."""
    back = house.agree(provider.begin("a state", NONCE, BACK))
    params = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return provider.finish(params | more, nonce, BACK, NOW)


def refusal(provider: Provider, house: Oidc, **more: str) -> str:
    """Why somebody is not believed."""
    with pytest.raises(Trouble) as caught:
        come(provider, house, **more)
    return f"{caught.value.words.zh}\n{caught.value.words.en}"


def test_a_true_token_names_who_it_is(provider: Provider, house: Oidc) -> None:
    who = come(provider, house)
    assert (who.issuer, who.subject, who.name) == (house.issuer, "a11ce", "Alice")
    assert who.hints == ("alice",)


def test_without_a_name_the_login_stands_for_it(provider: Provider, house: Oidc) -> None:
    house.claims = {"name": None}
    assert come(provider, house).name == "alice"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"nonce": "of another sign-in"}, "不属于这次登录"),
        ({"nonce": None}, "不属于这次登录"),
        ({"aud": "another-client"}, "不是给本系统的"),
        ({"aud": None}, "没有通过查验"),
        ({"aud": ["another-client", "third"]}, "不是给本系统的"),
        ({"aud": ["duban", "another-client"]}, "不是给本系统的"),
        ({"azp": "another-client"}, "不是给本系统的"),
        ({"iss": "https://mallory.example"}, "不是它签发的"),
        ({"iss": None}, "没有通过查验"),
        ({"exp": int(NOW.timestamp()) - 61}, "已过期"),
        ({"exp": None}, "没有通过查验"),
        ({"exp": "tomorrow"}, "已过期"),
        ({"exp": True}, "已过期"),
        ({"iat": int(NOW.timestamp()) + 61}, "在将来"),
        ({"nbf": int(NOW.timestamp()) + 61}, "尚未生效"),
        ({"sub": None}, "没有通过查验"),
        ({"sub": ""}, "没有通过查验"),
        ({"sub": 7}, "令牌的 sub 不对"),
        ({"sub": "a" * 201}, "没有通过查验"),
        ({"at_hash": "of-another-token"}, "令牌的 at_hash 不对"),
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_not_believed(
    provider: Provider, house: Oidc, claims: dict[str, Any], words: str
) -> None:
    house.claims = claims
    assert words in refusal(provider, house)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOW.timestamp()) - 59},
        {"iat": int(NOW.timestamp()) + 59},
        {"aud": ["duban"]},
        {"aud": ["duban", "another-client"], "azp": "duban"},
        {"at_hash": None},
    ],
    ids=str,
)
def test_clocks_may_differ_by_a_minute_and_a_token_may_be_for_several(
    provider: Provider, house: Oidc, claims: dict[str, Any]
) -> None:
    house.claims = claims
    assert come(provider, house).subject == "a11ce"


@pytest.mark.parametrize(
    "sign",
    [
        standin_oidc.unsigned,
        standin_oidc.with_shared_secret,
        signed_by(FOREIGN_KEY),
        lambda claims: signed_by(FOREIGN_KEY)(claims) + "x",
        lambda claims: jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, FOREIGN_KEY),
        lambda _: "",
        lambda _: "not.a.token",
    ],
    ids=["none", "our own secret", "foreign key", "bent", "unknown key", "missing", "rubbish"],
)
def test_only_the_houses_own_signature_counts(
    provider: Provider, house: Oidc, sign: Callable[[dict[str, Any]], str]
) -> None:
    house.sign = sign
    assert "签名不对" in refusal(provider, house)


def test_an_answer_to_another_browser_is_not_believed(provider: Provider, house: Oidc) -> None:
    assert "PKCE" in refusal(provider, house, nonce="of another browser")


def test_the_answer_of_another_house_is_not_believed(provider: Provider, house: Oidc) -> None:
    assert "不是它签发的" in refusal(provider, house, iss="https://mallory.example")
    assert come(provider, house, iss=house.issuer).subject == "a11ce"


def test_a_house_that_calls_itself_otherwise_is_not_gone_to(
    provider: Provider, house: Oidc
) -> None:
    house.discovery = {"issuer": "https://mallory.example"}
    assert "https://mallory.example" in refusal(provider, house)
    house.discovery = {}
    assert come(provider, house).subject == "a11ce"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_nothing_is_sent_where_it_can_be_read_on_the_way(
    provider: Provider, house: Oidc, name: str
) -> None:
    house.discovery = {name: "http://sso.city.example/x"}
    assert f"{name}: http://sso.city.example/x" in refusal(provider, house)


def test_a_house_may_want_our_secret_in_the_body(provider: Provider, house: Oidc) -> None:
    house.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert come(provider, house).subject == "a11ce"
    assert "Authorization" not in house.on("/realms/city/token")[0].headers


def test_a_house_without_keys_is_told_to_the_administrator(provider: Provider, house: Oidc) -> None:
    back = house.agree(provider.begin("a state", NONCE, BACK))
    params = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    house._certs = lambda _: Reply(200, {"keys": []})  # type: ignore[method-assign]
    with pytest.raises(Trouble, match="jwks_uri"):
        provider.finish(params, NONCE, BACK, NOW)


def test_a_house_that_was_down_is_asked_again(provider: Provider, house: Oidc) -> None:
    house.instead = Reply(503, "<h1>down</h1>")
    with pytest.raises(Trouble, match="答不上来"):
        provider.begin("a state", NONCE, BACK)
    house.instead = None
    assert come(provider, house).subject == "a11ce"


def test_the_secret_of_the_browser_is_not_in_the_address(provider: Provider) -> None:
    there = provider.begin("a state", NONCE, BACK)
    query = parse_qs(urlsplit(there).query)
    assert query["code_challenge_method"] == ["S256"]
    assert NONCE not in there
    assert query["nonce"] != query["code_challenge"]


def test_a_token_of_yesterday_does_not_sign_in_today(provider: Provider, house: Oidc) -> None:
    house.now = (NOW - timedelta(days=1)).timestamp
    assert "核对两边的时钟" in refusal(provider, house)


def test_the_example_of_the_documentation_is_a_file_that_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sign-in.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    file = tmp_path / "sign-in.yaml"
    file.write_text(example, "utf-8")
    kinds = [house.kind for house in settings.read(file).providers]
    assert kinds == ["oidc", "wecom", "dingtalk", "feishu"]
