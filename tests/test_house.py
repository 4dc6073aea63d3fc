"""The doors of the house: its verbs, its checks, its pages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import launch
from ui.cli.reference import render_reference

ROOT = Path(__file__).resolve().parents[1]
VERBS = (
    "install",
    "install-vllm",
    "serve",
    "test",
    "test-vllm",
    "test-space",
    "check",
    "format",
    "bench",
    "train",
    "evaluate",
    "docs",
    "clean",
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    # This suite may itself run below make.
    return subprocess.run(
        ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    return launch.build_cli(launch.Settings(), whole=True)


def list_commands(app: typer.Typer) -> list[str]:
    return sorted(set(re.findall(r"^## segearth (\S+)", render_reference(app), flags=re.MULTILINE)))


def test_bare_make_explains_every_verb_in_one_line() -> None:
    lines = run("make", "--no-print-directory").stdout.splitlines()
    for verb in VERBS:
        assert [line for line in lines if re.match(rf"  make {verb} +\S.* \S", line)], verb


@pytest.mark.parametrize(("verb", "last"), [("serve", "segearth serve"), ("test", "-m pytest")])
def test_serving_and_testing_install_first_what_is_missing(tmp_path: Path, verb: str, last: str) -> None:
    plan = run("make", "--dry-run", verb, f"VENV={tmp_path / 'new'}").stdout
    assert plan.index("-m venv") < plan.index("-m pip install") < plan.index("segearth prepare") < plan.index(last)


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    for stamp in (".installed-base", ".installed-dev"):
        (tmp_path / stamp).touch()
    for verb in ("serve", "test"):
        assert "pip install" not in run("make", "--dry-run", verb, f"VENV={tmp_path}").stdout


def test_a_changed_dependency_is_installed_again(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    older = (ROOT / "constraints.txt").stat().st_mtime - 1
    for stamp in (".installed-base", ".installed-dev"):
        (tmp_path / stamp).touch()
        os.utime(tmp_path / stamp, (older, older))
    for verb in ("serve", "test"):
        assert "pip install" in run("make", "--dry-run", verb, f"VENV={tmp_path}").stdout


def test_a_python_that_is_too_old_is_refused_in_a_sentence(tmp_path: Path) -> None:
    finished = run("make", "serve", f"VENV={tmp_path / 'new'}", "PYTHON=")
    assert finished.returncode != 0
    assert "No Python 3.11 or 3.12 found" in finished.stderr


def test_the_ci_script_is_executable_and_well_formed() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    finished = run("bash", "-n", ".ci/run")
    assert finished.returncode == 0, finished.stderr


def test_pre_commit_calls_the_tools_of_make_check() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    recipe = (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/([\w-]+(?: (?:check|format))?)", recipe)
    assert tools == ["ruff check", "ruff format", "mypy", "lint-imports"]
    for tool in tools:
        assert f".venv/bin/{tool}" in hooks


def test_imports_go_one_way() -> None:
    finished = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert finished.returncode == 0, finished.stdout


def test_the_readme_names_every_command_that_exists_and_no_other(app: typer.Typer) -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`segearth (\w+)", readme))
    assert named == set(list_commands(app))


def test_the_written_command_line_is_the_program_s_own(app: typer.Typer) -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == render_reference(app), "run `make docs`"


def test_every_link_in_the_pages_leads_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            assert target.startswith(("http", "mailto:")) or (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in launch.Settings.model_fields if f"SEGEARTH_{name.upper()}`" not in readme] == []
