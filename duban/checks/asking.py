"""Asking over HTTP: what is said of a question that was not answered."""

import requests

from models.words import Words

PATIENCE = 3.0
"""Seconds an answer may take."""

_CAUSES = (
    (requests.exceptions.SSLError, Words("证书不可信", "its certificate cannot be trusted")),
    (requests.exceptions.Timeout, Words("没有按时应答", "no answer in time")),
    (requests.exceptions.ConnectionError, Words("连接不上", "nothing answers there")),
)


def cause(error: Exception) -> Words:
    """Why there was no answer. Its own words may repeat an address, and with it a password."""
    kind = type(error).__name__
    return next((words for of, words in _CAUSES if isinstance(error, of)), Words(kind, kind))
