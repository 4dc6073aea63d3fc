import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.csp import SecurityHeadersMiddleware, build_policy, stamp_scripts

PAGE = "<!doctype html><html><head><meta charset='utf-8'></head><body><script>one()</script><SCRIPT src='a'></SCRIPT>"


def build_client() -> TestClient:
    async def send_page(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def send_data(request: Request) -> Response:
        return JSONResponse({"html": "<script>"})

    async def stream(request: Request) -> Response:
        return StreamingResponse(iter(["data: 1\n\n", "data: 2\n\n"]), media_type="text/event-stream")

    routes = [
        Route("/", send_page, methods=["GET", "HEAD"]),
        Route("/data", send_data),
        Route("/stream", stream),
    ]
    middleware = Middleware(SecurityHeadersMiddleware, frame_ancestors=["'none'"], head="<title>Ours</title>")
    return TestClient(Starlette(routes=routes, middleware=[middleware]))


def read_nonce(policy: str) -> str:
    found = re.search(r"'nonce-([\w-]+)'", policy)
    assert found, policy
    return found.group(1)


def test_policy_allows_no_inline_script_and_no_other_host() -> None:
    policy = build_policy("abc", ["'self'"])
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert "http" not in policy
    assert "*" not in policy
    assert policy.startswith("default-src 'none'")


def test_every_script_of_a_page_carries_the_nonce_of_its_response() -> None:
    response = build_client().get("/")
    nonce = read_nonce(response.headers["content-security-policy"])
    assert response.text.lower().count("<script") == response.text.count(f'<script nonce="{nonce}"') == 2


def test_each_response_has_a_nonce_of_its_own() -> None:
    client = build_client()
    policies = {client.get("/").headers["content-security-policy"] for _ in range(5)}
    assert len(policies) == 5


def test_page_is_whole_and_not_cached() -> None:
    response = build_client().get("/")
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["cache-control"] == "no-store"
    assert "<head><title>Ours</title>" in response.text


def test_head_request_is_answered_without_a_body() -> None:
    response = build_client().head("/")
    assert (response.status_code, response.content) == (200, b"")


def test_what_is_not_a_page_is_left_as_it_is() -> None:
    response = build_client().get("/data")
    assert response.json() == {"html": "<script>"}
    assert response.headers["x-content-type-options"] == "nosniff"


def test_streams_pass_through() -> None:
    assert build_client().get("/stream").text == "data: 1\n\ndata: 2\n\n"


def test_frames_are_refused_where_asked() -> None:
    assert "frame-ancestors 'none'" in build_client().get("/data").headers["content-security-policy"]


def test_words_that_begin_like_a_script_are_not_stamped() -> None:
    assert stamp_scripts(b"<scripture>", "n") == b"<scripture>"
