"""The program as a Hugging Face Space starts it: `python launch.py`, an environment made from requirements.txt alone, a
read-only checkout, a user who is not root, and the hub's environment variables."""

import io
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from gradio_client import Client, handle_file
from PIL import Image

ROOT = Path(__file__).parents[2]
ROOFS = ROOT / "ui" / "assets" / "examples" / "roofs.tif"
START_DEADLINE_S = 900  # the language weights are fetched and converted at the first start

pytestmark = [pytest.mark.space, pytest.mark.timeout(5400)]


@dataclass(frozen=True)
class Person:
    """Who a program is started as.

    Attributes:
        uid: user, None for whoever runs the tests.
    """

    uid: int | None

    def options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess`."""
        return {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": []}


@dataclass(frozen=True)
class RunningSpace:
    """A Space that answers.

    Attributes:
        url: its address.
        checkout: the read-only copy of the code.
        scratch: its folder for temporary files.
        files_before: what was in the checkout before it started.
        process: the program.
    """

    url: str
    checkout: Path
    scratch: Path
    files_before: frozenset[Path]
    process: "subprocess.Popen[bytes]"


def choose_person() -> Person:
    """Return somebody who is not root."""
    return Person(pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None)


def choose_python(person: Person) -> str:
    """Return a Python 3.11 or 3.12 that this person may run; the tests' own may lie in root's home."""
    code = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))"
    own = str(Path(sys.base_prefix) / "bin" / "python3")
    for candidate in (own, *filter(None, map(shutil.which, ("python3.11", "python3.12"))), "/usr/bin/python3"):
        try:
            if subprocess.run([candidate, "-c", code], check=False, **person.options()).returncode == 0:
                return candidate
        except (PermissionError, FileNotFoundError):
            continue
    pytest.skip("NO SPACE TESTS: there is no Python 3.11 or 3.12 that somebody who is not root may run")


def build_environment(folder: Path, python: str) -> Path:
    """Make a virtual environment from requirements.txt alone, and return its Python."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "pip", "-r", str(ROOT / "requirements.txt")], check=True)
    return made


def copy_checkout(folder: Path) -> None:
    """Copy the files that git does not ignore, and take everybody's right to write."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that everybody may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="segearth-space-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def space() -> Iterator[RunningSpace]:
    """Start a Space, and stop it as the hub does."""
    person = choose_person()
    with open_folder() as folder, socket.socket() as probe:
        python = build_environment(folder / "venv", choose_python(person))
        checkout, scratch = folder / "app", folder / "scratch"
        checkout.mkdir()
        copy_checkout(checkout)
        scratch.mkdir()
        if person.uid is not None:
            os.chown(scratch, person.uid, person.uid)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        hub = {
            "SYSTEM": "spaces",
            "SPACE_ID": "someone/segearth",
            "SPACE_HOST": "someone-segearth.hf.space",
            "SPACE_AUTHOR_NAME": "someone",
            "SPACE_REPO_NAME": "segearth",
            "SPACE_TITLE": "SegEarth Chat",
            "GRADIO_SERVER_NAME": "0.0.0.0",
            "GRADIO_NUM_PORTS": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "SEGEARTH_PORT": str(port),  # another program may have the hub's
        }
        files_before = frozenset(checkout.rglob("*"))
        log_path = folder / "space.log"
        with log_path.open("wb") as log:
            command = ["env", *(f"{name}={value}" for name, value in hub.items()), str(python), "launch.py"]
            process = subprocess.Popen(
                command,
                cwd=checkout,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                **person.options(),
            )
            try:
                wait_for_health(f"http://127.0.0.1:{port}/health", process, log_path)
                yield RunningSpace(f"http://127.0.0.1:{port}/", checkout, scratch, files_before, process)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)


def wait_for_health(url: str, process: "subprocess.Popen[bytes]", log_path: Path) -> None:
    """Return once the program answers; fail with its log when it ends or takes too long."""
    for _ in range(START_DEADLINE_S):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError, TimeoutError):
            pass
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"the Space did not start:\n{log_path.read_text()}")


def ask(space: RunningSpace, question: str, *, cookie: str = "", conversation: str = "", image: bool = False) -> Any:
    """Ask as a program does, as the visitor of that cookie; without one, as a new visitor."""
    client = Client(space.url, headers={"cookie": cookie} if cookie else {}, verbose=False)
    try:
        return client.predict(handle_file(ROOFS) if image else None, question, conversation, api_name="/ask")
    finally:
        client.close()


@pytest.fixture(scope="module")
def first(space: RunningSpace) -> dict[str, Any]:
    """Return the first visitor's first answer."""
    answer: dict[str, Any] = ask(space, "Where are the buildings?", image=True)
    return answer


def test_a_visitor_holds_a_conversation(space: RunningSpace, first: dict[str, Any]) -> None:
    assert (first["status"], first["found"]) == ("complete", True)
    again = ask(space, "How many are there?", cookie=first["cookie"], conversation=first["conversation_id"])
    assert again["status"] == "complete"
    assert any(character.isdigit() for character in again["text"])


def test_the_mask_is_its_visitor_s_alone(space: RunningSpace, first: dict[str, Any]) -> None:
    address = space.url + first["mask"]
    with urllib.request.urlopen(urllib.request.Request(address, headers={"cookie": first["cookie"]})) as answer:
        mask = Image.open(io.BytesIO(answer.read()))
    assert mask.getbbox() is not None
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address)
    caught.value.close()
    assert caught.value.code == 404


def test_another_visitor_cannot_go_on_with_the_conversation(space: RunningSpace, first: dict[str, Any]) -> None:
    refused = ask(space, "How many are there?", conversation=first["conversation_id"])
    assert "not here" in refused["text"]
    assert refused["status"] != "complete"


def test_visitors_who_ask_at_once_are_all_answered_each_in_a_conversation_of_their_own(space: RunningSpace) -> None:
    with ThreadPoolExecutor(3) as visitors:
        answers = list(visitors.map(lambda _: ask(space, "Where are the buildings?", image=True), range(3)))
    assert [answer["status"] for answer in answers] == ["complete"] * 3
    assert len({answer["conversation_id"] for answer in answers}) == 3
    assert len({answer["cookie"] for answer in answers}) == 3


def test_the_page_works_inside_the_hub_s_frame(space: RunningSpace) -> None:
    with urllib.request.urlopen(space.url) as answer:
        headers = answer.headers
    assert "frame-ancestors 'self' https://huggingface.co" in headers["content-security-policy"]
    assert headers["x-frame-options"] is None
    assert "SameSite=None; Secure; Partitioned" in headers["set-cookie"]


def test_nothing_is_written_beside_the_code(space: RunningSpace, first: dict[str, Any]) -> None:
    assert frozenset(space.checkout.rglob("*")) == space.files_before
    assert (space.scratch / "segearth-chat" / "history.sqlite").is_file()
