"""Makes the README's pictures: starts the real program with the weights that ship, and drives it in a browser.

    .venv/bin/python docs/make_pictures.py

Needs Chromium and the test tools (`make test` installs them). Overwrites docs/images/*.png.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
EXAMPLES = ROOT / "ui" / "assets" / "examples"
START_TIMEOUT_MS = 120_000


def main() -> None:
    """Start the program, hold two conversations, and save what the browser shows."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir:
        command = ["env", f"SEGEARTH_DATA_DIR={data_dir}", sys.executable, "-c", "import launch; launch.main()"]
        program = subprocess.Popen([*command, "serve", "--port", str(port)], cwd=ROOT)
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                take_pictures(chromium, f"http://127.0.0.1:{port}")
        finally:
            program.terminate()
            program.wait(timeout=30)


def take_pictures(browser: Browser, address: str) -> None:
    """Save home.png, chat.png and phone.png."""
    person = browser.new_context(viewport={"width": 1440, "height": 900})
    page = person.new_page()
    open_when_ready(page, address)
    page.wait_for_function("[...document.images].every((picture) => picture.complete && picture.naturalWidth > 0)")
    page.screenshot(path=IMAGES / "home.png")
    hold_conversation(page)
    page.screenshot(path=IMAGES / "chat.png")
    conversation = page.url
    phone = person.new_page()  # the same person, on a phone
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(conversation)
    expect(phone.locator("img.picture-layer").first).to_be_visible()
    phone.locator("img.picture-layer").last.scroll_into_view_if_needed()
    phone.screenshot(path=IMAGES / "phone.png")


def open_when_ready(page: Page, address: str) -> None:
    """Open the page as soon as the program listens."""
    page.goto("about:blank")
    expect(page).to_have_url("about:blank")
    deadline_ms = START_TIMEOUT_MS
    while deadline_ms > 0:
        try:
            page.goto(address)
            break
        except Exception as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            page.wait_for_timeout(500)
            deadline_ms -= 500
    expect(page.locator("#composer textarea")).to_be_editable()


def hold_conversation(page: Page) -> None:
    """Ask about the roofs, and then a question that the mask answers."""
    page.locator("#composer input[type=file]").set_input_files(EXAMPLES / "roofs.tif")
    expect(page.locator("#composer .thumbnail-item")).to_be_visible()
    ask(page, "Where are the buildings?")
    expect(page.locator("img.picture-layer").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    page.wait_for_function("[...document.querySelectorAll('img.picture-layer')].every(image => image.complete)")


def ask(page: Page, question: str) -> None:
    """Type a question and send it."""
    box = page.locator("#composer textarea")
    box.fill(question)
    box.press("Enter")


if __name__ == "__main__":
    main()
