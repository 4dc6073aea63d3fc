"""The security policy of every response, as strict as Gradio 6.31 allows; measured in a real browser.

What Gradio needs, and why it is here:

- `script-src 'nonce-…'`: its page carries four inline scripts (the config among them). Each page gets a fresh nonce,
  written into those scripts by this middleware; `'unsafe-inline'` is not allowed, so neither injected `<script>`
  elements nor inline event handlers run.
- `script-src 'unsafe-eval'`: `gr.HTML` compiles its template with `Function(…)`, and without it every message on the
  page stays blank. Our templates are constants; what people type is a parameter of them, never part of them.
- `style-src 'unsafe-inline'`: its components carry `style` attributes and add `<style>` elements.
- `img-src blob: data:`: thumbnails of files that are about to be sent, and its icons.
- `worker-src blob:`: file uploads are hashed and sent from there.

Everything else comes from this server or not at all.
"""

import re
import secrets
from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NONCE_BYTES = 16
SCRIPT_TAG = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)

FIXED_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def build_policy(nonce: str, frame_ancestors: Sequence[str]) -> str:
    """Return the policy's text.

    Args:
        nonce: random, new for each response; base64 or URL-safe base64 characters.
        frame_ancestors: CSP sources that may show the page in a frame.
    """
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", f"'nonce-{nonce}'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": list(frame_ancestors),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def stamp_scripts(page: bytes, nonce: str) -> bytes:
    """Return the page with the nonce in each `<script>` that the server itself wrote."""
    return SCRIPT_TAG.sub(f'<script nonce="{nonce}"'.encode(), page)


class SecurityHeadersMiddleware:
    """Sends the policy with every response, and stamps the scripts of HTML pages.

    `head` is written at the start of each page's `<head>`: our style sheet and script, which so are there before the
    page is drawn.
    """

    def __init__(self, app: ASGIApp, *, frame_ancestors: Sequence[str], head: str) -> None:
        self._app = app
        self._frame_ancestors = tuple(frame_ancestors)
        self._head = head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        start: Message | None = None
        page = bytearray()

        async def send_secured(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in FIXED_HEADERS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = build_policy(nonce, self._frame_ancestors)
                if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
                    headers["Cache-Control"] = "no-store"
                    start = message
                    return
            elif message["type"] == "http.response.body" and start is not None:
                page.extend(message.get("body", b""))
                if message.get("more_body", False):
                    return
                body = stamp_scripts(bytes(page), nonce).replace(b"<head>", b"<head>" + self._head, 1)
                if scope["method"] != "HEAD":
                    MutableHeaders(scope=start)["content-length"] = str(len(body))
                await send(start)
                start = None
                await send({"type": "http.response.body", "body": body})
                return
            await send(message)

        await self._app(scope, receive, send_secured)
