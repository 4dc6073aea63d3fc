"""What a Space installs is what the tests ran with."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNPINNED = {"pydantic"}  # Gradio's extra "mcp", which the hub adds, wants an older one than the tests run with


def read_lines(name: str) -> dict[str, str]:
    """Return a file's requirements by normalised name, without comments and extras."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text().splitlines():
        requirement = re.sub(r"\[.*?\]", "", line.partition("#")[0]).strip()
        if requirement:
            found[normalise(requirement)] = requirement
    return found


def normalise(requirement: str) -> str:
    matched = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert matched, requirement
    return re.sub(r"[-_.]+", "-", matched[0]).lower()


def read_project() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["space"]]


def read_front_matter() -> dict[str, str]:
    block = (ROOT / "README.md").read_text().split("---\n")[1]
    return {key: value.strip().strip('"') for key, _, value in (line.partition(":") for line in block.splitlines())}


def test_a_space_installs_what_serving_needs_and_nothing_else() -> None:
    assert set(read_lines("requirements.txt")) == set(map(normalise, read_project()))


def test_its_versions_are_those_of_the_tests() -> None:
    pinned = read_lines("constraints.txt")
    for name, requirement in read_lines("requirements.txt").items():
        if name not in UNPINNED:
            assert requirement == pinned[name]


def test_the_front_matter_names_the_same_gradio_the_program_and_a_python_that_is_supported() -> None:
    front = read_front_matter()
    assert front["sdk"] == "gradio"
    assert f"gradio=={front['sdk_version']}" == read_lines("constraints.txt")["gradio"]
    assert (ROOT / front["app_file"]).is_file()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"].startswith(f">={front['python_version']}")
    assert front["license"] == project["license"].lower()
