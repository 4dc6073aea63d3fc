"""Saves a training so that it can go on after any interruption; all of a checkpoint or none of it."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, lists and dicts of them) beside `path`, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(dict(state), temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return what was saved, or None when nothing was."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return state


def append_row(path: Path, row: Mapping[str, float | int | str]) -> None:
    """Append one row to a CSV file whose header is the first row's keys; later rows are put in its order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(",".join(row) + "\n", encoding="utf-8")
    with path.open("r+", newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file))
        file.seek(0, 2)
        csv.DictWriter(file, fieldnames=columns).writerow(row)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file; none when it is not there."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
