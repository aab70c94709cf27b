"""Pages by the key of the last row, never by counting: the last costs what the first does."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from portal.api.shapes import MOST_ID

LIMIT = 50
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows on a page")]
AfterId = Annotated[
    int | None,
    Query(ge=0, le=MOST_ID, description="`after` of the page before"),
]

After = Annotated[
    str,
    Query(
        pattern=r"^([0-9]{1,9}|[0-9T:.+-]{0,40}~[0-9]{1,9})$",
        description="`after` of the page before",
    ),
]
"""Of a list that is in the order of an instant."""


def tell(request: Request, response: Response, after: str) -> str | None:
    """Name the next page in the header Link (RFC 8288); gives its key, or None at the end."""
    if not after:
        return None
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    query = urlencode([*asked, ("after", after)])
    response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return after
