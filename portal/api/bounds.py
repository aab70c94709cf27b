"""How much is read of a request, at most: refused before it lies in memory as a whole."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 1_000_000
"""Bytes of any body but a picture."""


class Bounded:
    """Middleware: a body longer than allowed gets 413, whether it says its length or not.

    `more` are the paths, within the application, that take more.
    """

    def __init__(self, app: ASGIApp, most: int = MOST, more: Mapping[str, int] | None = None):
        self.app, self.most, self.more = app, most, more or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        left = self.more.get(path, self.most)
        said = dict(scope["headers"]).get(b"content-length", b"0")
        too_long = said.isdigit() and int(said[:20]) > left

        async def counted() -> Message:
            nonlocal left
            if too_long:
                raise HTTPException(413)
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
