"""A headless Chromium, and the page to drive with it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.driving import WIDE, open_home
from tests.fakes.engine import FakeEngine
from tests.fakes.pages import ServedPage, serve_page

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Generous: continuous integration has two slow cores.
PATIENCE_MS = 30_000
# What Gradio's own script says of its open stream when a page is left while a turn runs; nobody sees it.
GRADIOS_FAREWELLS = ("AbortError: signal is aborted", "Unexpected error Connection errored out")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; without one, skip and say so."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"NO BROWSER TESTS: none of {', '.join(CHROMIUM_NAMES)} is installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    """Serve the page once; each test is another person to it."""
    with serve_page(tmp_path_factory.mktemp("page"), FakeEngine()) as page:
        yield page


@pytest.fixture
def served(server: ServedPage) -> Iterator[ServedPage]:
    """The served page, with an engine that neither fails nor waits until the test says so."""
    server.engine.questions.clear()
    server.engine.refinements.clear()
    yield server
    server.engine.failure = None
    if server.engine.gate is not None:
        server.engine.gate.set()
        server.engine.gate = None


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """One person's browser; a failed test leaves a screenshot and a trace in test-results/."""
    failed_before = request.session.testsfailed
    opened = browser.new_context(viewport=WIDE, locale="en-GB")
    opened.set_default_timeout(PATIENCE_MS)
    opened.tracing.start(snapshots=True)
    yield opened
    if request.session.testsfailed > failed_before:
        folder = Path("test-results") / request.node.name
        folder.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(opened.pages):
            page.screenshot(path=folder / f"{number}.png")
        opened.tracing.stop(path=folder / "trace.zip")
    else:
        opened.tracing.stop()
    opened.close()


@pytest.fixture
def page(context: BrowserContext, served: ServedPage, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The empty page. Ends by asserting that the browser had nothing to complain of, the policy's blocks included."""
    opened = context.new_page()
    complaints: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def note_request(sent: Request) -> None:
        if not sent.url.startswith((served.url, "data:", "blob:")):
            complaints.append(f"asked another host: {sent.url}")

    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", note_message)
    opened.on("request", note_request)
    open_home(opened, served)
    yield opened
    if request.node.get_closest_marker("leaves_mid_turn") is not None:
        complaints = [text for text in complaints if not text.startswith(GRADIOS_FAREWELLS)]
    assert complaints == []
