"""Who is asking: a signed random cookie names the owner of conversations.

There is no sign-in here: whoever holds the cookie is the owner. It is random (128 bits), signed so that nobody can
make one up, not readable by scripts, and the same in every tab of a browser. Programs that keep no cookies are a new
owner on every call unless they send one back.

In a frame of another site (a Hugging Face Space) browsers keep cookies only under `SameSite=None; Secure; Partitioned`.
Such a cookie would also come with requests that other sites send where a browser does not partition cookies, so those
requests are nobody's: they get an owner of their own.
"""

import hmac
import secrets
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE_NAME = "segearth_owner"
OWNER_BYTES = 16
# A year: history should be there after a long holiday.
COOKIE_AGE_S = 365 * 24 * 60 * 60


class HasState(Protocol):
    """A request of Starlette or of Gradio, which hands its attributes through."""

    @property
    def state(self) -> Any:
        """What the middleware left there."""
        ...


class OwnerSigner:
    """Makes and reads the cookie's value: owner, a dot, and the owner's HMAC-SHA256 under the secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def create_owner(self) -> str:
        """Return a new random owner."""
        return secrets.token_hex(OWNER_BYTES)

    def sign(self, owner: str) -> str:
        """Return the cookie's value for `owner`."""
        return f"{owner}.{self._digest(owner)}"

    def read(self, value: str) -> str | None:
        """Return the owner that `value` was signed for, or None where nobody signed it."""
        owner, _, digest = value.partition(".")
        if len(owner) != 2 * OWNER_BYTES or not digest.isascii():
            return None
        return owner if hmac.compare_digest(digest, self._digest(owner)) else None

    def _digest(self, owner: str) -> str:
        return hmac.new(self._secret, owner.encode(), "sha256").hexdigest()


class OwnerMiddleware:
    """Gives each request its owner in `request.state.owner`, and each new browser its cookie.

    `request.state.new_cookie` is the signed value where the request came without a valid one, else None.
    """

    def __init__(self, app: ASGIApp, *, signer: OwnerSigner, secure: bool, framed: bool = False) -> None:
        self._app = app
        self._signer = signer
        self._secure = secure
        self._framed = framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        owner = self._read_owner(scope)
        state = scope.setdefault("state", {})
        if owner is not None:
            state["owner"], state["new_cookie"] = owner, None
            await self._app(scope, receive, send)
            return
        owner = self._signer.create_owner()
        value = self._signer.sign(owner)
        state["owner"], state["new_cookie"] = owner, value

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_personal(scope["path"]):
                MutableHeaders(scope=message).append("set-cookie", self._format_cookie(value))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _read_owner(self, scope: Scope) -> str | None:
        request = Request(scope)
        if self._framed and _is_sent_by_another_site(request):
            return None
        value = request.cookies.get(COOKIE_NAME)
        return None if value is None else self._signer.read(value)

    def _format_cookie(self, value: str) -> str:
        if self._framed:
            scope = "SameSite=None; Secure; Partitioned"
        else:
            scope = "SameSite=Lax; Secure" if self._secure else "SameSite=Lax"
        return f"{COOKIE_NAME}={value}; Max-Age={COOKIE_AGE_S}; Path=/; HttpOnly; {scope}"


def owner_of(request: HasState) -> str:
    """Return who sent the request."""
    owner: str = request.state.owner
    return owner


def _is_sent_by_another_site(request: Request) -> bool:
    """Whether a page elsewhere sends this, and not merely opens our page (in its frame, or by a link)."""
    opens_page = request.method in ("GET", "HEAD") and request.headers.get("sec-fetch-mode") == "navigate"
    return request.headers.get("sec-fetch-site") == "cross-site" and not opens_page


def _is_personal(path: str) -> bool:
    """Whether a response may hand out the cookie: the page and its calls, not files that caches keep."""
    return path == "/" or path.startswith("/gradio_api/")
