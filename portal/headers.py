"""What every answer says of itself to the browser: what it may do, and who may keep it."""

from starlette.responses import Response

NOWHERE = "no-store"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def guard(response: Response, kept: str = NOWHERE) -> None:
    """Put these headers on an answer that does not have its own."""
    for name, value in {**HEADERS, "Cache-Control": kept}.items():
        response.headers.setdefault(name, value)
