"""收信: what lies unseen in a mailbox is taken in, one mail after the other. No Prefect here."""

from collections import Counter
from datetime import datetime

from notices.incoming.imap import Mailbox, fetch
from tasks.receiving import Post, receive


def take_all(post: Post, url: str, at: datetime) -> Counter[str]:
    """Take in every unseen mail; counts them by what they were, and those taken before as `again`.

    Raises Trouble where the mailbox cannot be opened.
    """
    counts: Counter[str] = Counter()

    def take(data: bytes) -> None:
        received = receive(post, data, at)
        counts["again" if received.again else received.kind.value] += 1

    fetch(Mailbox.read(url), take)
    return counts
