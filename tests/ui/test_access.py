import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.access import COOKIE_NAME, OwnerMiddleware, OwnerSigner, owner_of

SIGNER = OwnerSigner(b"0123456789abcdef")


def build_client(*, secure: bool = False, framed: bool = False) -> TestClient:
    def say_owner(request: Request) -> PlainTextResponse:
        return PlainTextResponse(owner_of(request))

    app = Starlette(
        routes=[Route("/", say_owner, methods=["GET", "POST"]), Route("/assets/file", say_owner)],
        middleware=[Middleware(OwnerMiddleware, signer=SIGNER, secure=secure, framed=framed)],
    )
    return TestClient(app)


def test_a_signed_owner_is_read_back() -> None:
    owner = SIGNER.create_owner()
    assert SIGNER.read(SIGNER.sign(owner)) == owner


@given(value=st.text(max_size=120))
def test_nothing_unsigned_is_an_owner(value: str) -> None:
    assert SIGNER.read(value) is None


def test_a_changed_owner_keeps_no_signature() -> None:
    value = SIGNER.sign("a" * 32)
    assert SIGNER.read(value.replace("a" * 32, "b" * 32)) is None


def test_another_secret_signs_for_nobody() -> None:
    assert OwnerSigner(b"fedcba9876543210").read(SIGNER.sign("a" * 32)) is None


def test_a_browser_keeps_its_owner() -> None:
    client = build_client()
    assert client.get("/").text == client.get("/").text


def test_two_browsers_are_two_owners() -> None:
    assert build_client().get("/").text != build_client().get("/").text


def test_cookie_is_hidden_from_scripts_and_other_sites() -> None:
    header = build_client().get("/").headers["set-cookie"]
    assert all(part in header for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Secure" not in header


def test_cookie_is_for_https_alone_where_asked() -> None:
    assert "; Secure" in build_client(secure=True).get("/").headers["set-cookie"]


def test_cookie_is_kept_by_browsers_in_a_frame_of_another_site_where_framing_is_allowed() -> None:
    header = build_client(framed=True).get("/").headers["set-cookie"]
    assert all(part in header for part in ("; HttpOnly", "; SameSite=None", "; Secure", "; Partitioned"))
    assert "Lax" not in header


@pytest.mark.parametrize(
    ("method", "fetch_mode", "is_known"),
    [
        ("GET", "navigate", True),  # the frame is opened
        ("GET", "cors", False),
        ("POST", "navigate", False),  # a form on the other site
        ("POST", "no-cors", False),
    ],
)
def test_another_site_can_open_the_framed_page_but_not_act_for_its_visitor(
    method: str, fetch_mode: str, is_known: bool
) -> None:
    owner = SIGNER.create_owner()
    headers = {
        "cookie": f"{COOKIE_NAME}={SIGNER.sign(owner)}",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": fetch_mode,
    }
    answer = build_client(framed=True).request(method, "/", headers=headers)
    assert (answer.text == owner) is is_known


def test_the_framed_page_s_own_requests_are_its_visitor_s() -> None:
    owner = SIGNER.create_owner()
    headers = {
        "cookie": f"{COOKIE_NAME}={SIGNER.sign(owner)}",
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
    }
    assert build_client(framed=True).post("/", headers=headers).text == owner


def test_known_browser_gets_no_second_cookie() -> None:
    client = build_client()
    client.get("/")
    assert "set-cookie" not in client.get("/").headers


def test_forged_cookie_makes_a_new_owner() -> None:
    client = build_client()
    client.cookies.set(COOKIE_NAME, f"{'a' * 32}.{'0' * 64}")
    assert client.get("/").text != "a" * 32


def test_files_that_caches_keep_carry_no_cookie() -> None:
    assert "set-cookie" not in build_client().get("/assets/file").headers


def test_odd_cookies_of_others_do_not_hide_ours() -> None:
    owner = SIGNER.create_owner()
    cookies = f'bad cookie; "quo; {COOKIE_NAME}={SIGNER.sign(owner)}; x=[1]'
    assert build_client().get("/", headers={"cookie": cookies}).text == owner
