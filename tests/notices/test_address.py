"""A channel address is read strictly and shown without its secrets."""

import pytest

from models.words import Trouble
from notices.channels import ChannelTrouble, check, mask
from notices.channels.address import load
from notices.channels.answers import accepted
from notices.channels.plugin import Plugin

SECRET = "s3cretT0ken"  # the word that must never be seen

GOOD = [
    ("mailto://127.0.0.1:2525?from=duban@city.example&to=bob@city.example", "bob@city.example"),
    (f"mailto://duban:{SECRET}@mail.example/bob@city.example", "bob@city.example"),
    (f"mailtos://duban:{SECRET}@mail.example?to=bob@city.example&+X-Key={SECRET}", "mail.example"),
    (f"mailtos://{SECRET}@mail.example?user=duban@mail.example&to=bob@city.example", "bob@"),
    (f"json://bob:{SECRET}@hook.example:8080/in/{SECRET}?-key={SECRET}", "hook.example:8080"),
    (f"json://{SECRET}@hook.example/", "hook.example"),
    (f"jsons://hook.example/{SECRET}?+Authorization={SECRET}&:x={SECRET}&y={SECRET}", "hook"),
    (f"dingtalk://{SECRET}", "dingtalk://"),
    ("folder://bob", "folder://bob"),
    ("folder://城管局", "folder://城管局"),
]

BAD = [
    "",
    SECRET,
    f"{SECRET} bob:pass@x",
    f"nosuch://{SECRET}",
    f"mailto://{SECRET}",
    f"mailto://bob:{SECRET}@mail.example?to=nobody",
    f"mailto://bob:{SECRET}@mail.example:port?to=bob@city.example",
    f"mailto://bob:{SECRET}@mail.example:99999?to=bob@city.example",
    f"mailto://bob:{SECRET}@mail.example?to=bob@city.example&mode={SECRET}",
    f"json://:{SECRET}@",
    f"folder://{SECRET}/../x",
    f"folder://..%2F{SECRET}",
    f"folder://.{SECRET}",
    f"folder://%2e%2e%2f{SECRET}",
    f"folder://a\\{SECRET}",
    f"folder://a%0a{SECRET}",
    f"folder://x:{SECRET}@bob",
    "folder://" + SECRET * 40,
    "folder://",
]


@pytest.mark.parametrize(("url", "shown"), GOOD)
def test_a_masked_address_tells_the_channel_and_never_the_secret(url: str, shown: str) -> None:
    check(url)
    assert shown in mask(url)
    assert SECRET not in mask(url)


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ChannelTrouble) as refusal:
        check(url)
    assert isinstance(refusal.value, Trouble)
    for words in (*refusal.value.words, str(refusal.value), mask(url)):
        assert SECRET not in words
    assert "例如" in refusal.value.words.zh
    assert "for example" in refusal.value.words.en


def test_of_an_unreadable_address_only_the_scheme_is_shown() -> None:
    assert mask(f"mailto://{SECRET}") == "mailto://…"
    assert mask(SECRET) == "…"


def test_a_masked_address_is_one_line() -> None:
    assert "\n" not in mask("mailto://mail.example?from=a@b.example&to=bob%0A@city.example")


def test_the_refusal_shows_an_example_of_the_same_scheme_that_is_itself_accepted() -> None:
    for scheme in ("mailto", "json", "folder"):
        words = ChannelTrouble(scheme).words.zh
        example = words.split("例如 ")[1].split("。")[0]
        assert example.startswith(f"{scheme}://")
        check(example)


def test_of_one_address_every_message_has_a_plugin_of_its_own() -> None:
    url = f"wecombot://{SECRET}"
    first, second = load(url), load(url)
    assert isinstance(first, Plugin)
    first.answer = accepted()
    assert isinstance(second, Plugin)
    assert second.answer is None
    assert isinstance(again := load(url), Plugin)
    assert again.answer is None
