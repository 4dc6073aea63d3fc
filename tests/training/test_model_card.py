"""The card says what the reports say, and refuses reports of other weights."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

from serving.calibration import Temperatures
from serving.model.checkpoint import digest_checkpoint, save_model, store_temperatures
from serving.model.config import MINI
from serving.model.segearth import SegEarth
from training.model_card import BASELINE_SOURCES, write_model_card

KINDS = ("class", "implicit", "count", "size", "position", "region", "relation", "negative")


def _group(giou: float, n: int = 10) -> dict[str, Any]:
    return {"gIoU": giou, "cIoU": giou, "n": n}


def _report(digest: str, giou: float) -> dict[str, Any]:
    sources = {name: _group(0.5, 100) for name in BASELINE_SOURCES} | {"elsewhere": _group(0.9, 1000)}
    return {
        "model_digest": digest,
        **_group(giou),
        "present_gIoU": 0.4,
        "absent_gIoU": 0.7,
        "per_kind": {kind: _group(0.3) for kind in KINDS},
        "per_source": sources | {BASELINE_SOURCES[0]: _group(0.8, 300)},
        "per_template": {"seen": _group(0.6), "heldout": _group(0.58)},
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    model_dir, reports_dir = tmp_path / "model", tmp_path / "reports"
    reports_dir.mkdir()
    torch.manual_seed(0)
    phase = {"name": "table", "language": "table", "steps": 5, "side": 64, "images": 2, "questions": 3}
    again = {**phase, "name": "again", "mosaic_share": 0.15, "begins_with": [["table", 0.25], ["start", 0.75]]}
    recipe = {"phases": [phase, again], "seed": 20, "averaged": [["table", 0.5], ["again", 0.5]]}
    training = {"sources": ["a", "b"], "seconds": 5400, "recipe": recipe}
    save_model(SegEarth(dataclasses.replace(MINI, training=training)), model_dir)
    digest = digest_checkpoint(model_dir)
    for split in ("val", "test"):
        for suffix, giou in (("", 0.613), ("_blank", 0.211), ("_constant", 0.245)):
            (reports_dir / f"{split}{suffix}.json").write_text(json.dumps(_report(digest, giou)))
    return model_dir, reports_dir


def test_figures_of_the_reports_stand_in_the_card(folders: tuple[Path, Path]) -> None:
    model_dir, reports_dir = folders
    write_model_card(model_dir, reports_dir)
    card = (model_dir / "README.md").read_text()
    assert "| **this model, all sources** | 0.613 |" in card
    assert "| (a) best constant mask | 0.245 |" in card
    assert "question left empty | 0.211 |" in card
    # (300 x 0.8 + 4 x 100 x 0.5) / 700
    assert "five sources** | 0.629 |" in card
    assert digest_checkpoint(model_dir) in card
    assert "1.5 hours" in card
    assert "| again | table | 5 | 64 | 2 × 3 | 15% | 0% | 0% | 1 × | 0% | 0.25 table + 0.75 start |" in card
    assert "The weights that ship: 0.5 table + 0.5 again." in card
    assert "{" not in card


def test_the_card_says_whether_confidences_are_calibrated(folders: tuple[Path, Path]) -> None:
    model_dir, reports_dir = folders
    write_model_card(model_dir, reports_dir)
    assert "The score is not calibrated." in (model_dir / "README.md").read_text()
    digest = store_temperatures(model_dir, Temperatures(mask=1.6, presence=0.75))
    for path in reports_dir.iterdir():
        path.write_text(json.dumps({**json.loads(path.read_text()), "model_digest": digest}))
    write_model_card(model_dir, reports_dir)
    card = (model_dir / "README.md").read_text()
    assert "(pixels 1.60, presence 0.75)" in card
    assert "not calibrated" not in card


def test_reports_of_other_weights_are_refused(folders: tuple[Path, Path]) -> None:
    model_dir, reports_dir = folders
    report = json.loads((reports_dir / "test.json").read_text())
    (reports_dir / "test.json").write_text(json.dumps({**report, "model_digest": "0" * 64}))
    with pytest.raises(typer.BadParameter, match=r"test\.json was made with other weights"):
        write_model_card(model_dir, reports_dir)
    assert not (model_dir / "README.md").exists()


def test_a_refiner_that_came_later_leaves_the_reports_valid(folders: tuple[Path, Path]) -> None:
    model_dir, reports_dir = folders
    (model_dir / "refiner.safetensors").write_bytes(b"a refiner")
    write_model_card(model_dir, reports_dir)
    assert digest_checkpoint(model_dir) in (model_dir / "README.md").read_text()
