"""What a person reads, in the two languages of the house; and the courteous refusal."""

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence or label in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh

    def within(self, lang: str) -> str:
        """The words in `lang`: "en" gives English, anything else Chinese."""
        return self.en if lang == "en" else self.zh


class Trouble(Exception):  # noqa: N818 - the word of the house, not an accident
    """Something that cannot be done as asked.

    Its words say what was wrong, what the rule is, and what to do next. It is the only
    exception whose text is shown to a user as it stands; it never carries a secret.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.words = Words(zh, en)
