"""外部登录: houses that vouch for who somebody is, so that nobody needs one more password.

Each provider sends the browser away (`begin`) and, when it is back, learns by itself from the
other house who came (`finish`). Nothing the browser brings is believed but a code, and a code is
only good for a question to the house that gave it out. No account is ever made: a name that
nobody has linked opens nothing.
"""

from portal.identity.entrance import Gate, gate, providers
from portal.identity.who import Provider, Who

__all__ = ["Gate", "Provider", "Who", "gate", "providers"]
