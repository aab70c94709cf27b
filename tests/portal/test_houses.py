"""What the four houses answer, true or not, never makes somebody of nobody."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from models.words import Trouble
from portal.identity import Who, settings
from portal.identity.entrance import Gate
from tests.portal.doors import HOUSES
from tests.portal.standins import SECRET, House, Reply, running
from tests.world import instant

NOW = instant("2026-09-24 15:00")
BACK = "https://duban.example/back"
NONCE = "the secret of a browser"


@pytest.fixture(params=HOUSES, ids=lambda kind: kind.kind)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Each house in turn, with Alice before its page."""
    house = request.param()
    house.now = NOW.timestamp
    with running(house):
        house.is_before("Alice", "a11ce")
        yield house


@pytest.fixture
def comes(house: House) -> Callable[[], Who]:
    """Alice has agreed and is on her way back; called, she arrives."""
    content = {"providers": [house.entry()]}
    [provider] = Gate(settings.SignIn.model_validate(content), BACK).providers.values()
    back = house.agree(provider.begin("a state", NONCE, BACK))
    params = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return lambda: provider.finish(params, NONCE, BACK, NOW)


def test_a_true_answer_names_who_it_is(house: House, comes: Callable[[], Who]) -> None:
    who = comes()
    assert (who.issuer, who.subject) == (house.issuer, "a11ce")


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (Reply(502, "<h1>Bad Gateway</h1>"), "过一两分钟再试"),
        (Reply(503, {"message": "later"}), "过一两分钟再试"),
        (Reply(429, {}), "过一两分钟再试"),
        (Reply(200, "<h1>请先登录上网</h1>"), "对接设置"),
        (Reply(200, ["a", "list"]), "对接设置"),
        (Reply(200, {}), "登录没有完成"),
        (Reply(200, {"code": 7, "errcode": 7, "error": "odd", "message": "no"}), "对接设置"),
        (Reply(200, "x" * 1_100_000), "连不上对方"),
        (Reply(302, "", "http://127.0.0.1:9/"), "对接设置"),
    ],
    ids=[
        "502", "503", "429", "a page", "a list", "nothing", "refused with 200", "endless",
        "elsewhere",
    ],
)  # fmt: skip
def test_whatever_the_house_answers_nobody_is_named_by_mistake(
    house: House, comes: Callable[[], Who], instead: Reply, words: str
) -> None:
    house.instead = instead
    with pytest.raises(Trouble, match=words):
        comes()


@pytest.mark.parametrize("subject", ["", "x" * 201, "a\nb", None, ["a11ce"]], ids=str)
def test_a_name_that_could_not_be_known_again_is_nobodys(
    house: House, comes: Callable[[], Who], subject: Any
) -> None:
    [code] = house.codes.values()
    code.person = {
        key: subject if value == "a11ce" else value for key, value in code.person.items()
    }
    with pytest.raises(Trouble):
        comes()


def test_what_the_house_says_is_shown_without_tokens(
    house: House, comes: Callable[[], Who]
) -> None:
    [code] = house.codes
    said = f"no:\n{SECRET}\u202e {code} eyJhbGciOiJSUzI1NiJ9eyJzdWIi.abc.def {'x ' * 500}"
    refusal = {"errcode": 1, "code": "1", "error": "1", "error_description": said}
    house.instead = Reply(400, refusal | {"errmsg": said, "message": said})
    with pytest.raises(Trouble) as caught:
        comes()
    for words in caught.value.words:
        assert "no: …" in words
        assert words.isprintable()
        assert len(words) < 400
        assert [part for part in (SECRET, code, "eyJhbGci", "abc") if part in words] == []


def test_the_name_of_somebody_is_cleaned_before_it_is_shown(
    house: House, comes: Callable[[], Who]
) -> None:
    [code] = house.codes.values()
    code.person = {
        key: "A\u202elice\n" + "x" * 100 if value == "Alice" else value
        for key, value in code.person.items()
    }
    who = comes()
    assert who.name.isprintable()
    assert len(who.name) <= 60
