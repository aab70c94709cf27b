"""保密箱: addresses hold passwords and tokens; in the ledger they lie sealed."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from models.words import Trouble

_MARK = "sealed:"


class Vault:
    """Seals with the first of its keys, opens with any of them, so that keys can be changed.

    What lies there unsealed, from before there was a vault, is given back as it is.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """`text` as it may lie in a database."""
        return _MARK + self._keys.encrypt(text.encode()).decode()

    def open(self, text: str) -> str:
        """What was sealed. Raises Trouble where the key is another one."""
        if not text.startswith(_MARK):
            return text
        try:
            return self._keys.decrypt(text.removeprefix(_MARK)).decode()
        except InvalidToken:
            raise Trouble(
                "渠道地址解不开：密钥不是当初封存它的那一把。请从备份恢复 DUBAN_HOME/keys/"
                "channels.key（或 DUBAN_SECRET_KEY），或在管理页重新填写该渠道地址。",
                "The address of a channel cannot be opened: the key is not the one it was sealed "
                "with. Restore keys/channels.key in DUBAN_HOME (or DUBAN_SECRET_KEY) from a "
                "backup, or enter the address anew on the administrator's page.",
            ) from None

    def sealed(self, text: str) -> bool:
        """Whether it lies there sealed already."""
        return text.startswith(_MARK)


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()
