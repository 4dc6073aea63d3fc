"""Writes the model card (README.md beside the weights) from the reports of `segearth evaluate pack --json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.model.checkpoint import digest_checkpoint, load_config
from serving.model.config import SegEarthConfig

# The sources of the half-hour baseline, an experiment with a simpler network; its figures are for these five alone.
BASELINE_SOURCES = ("epfl_roads", "flood_area", "hot_fair", "mass_roads", "nwpu_vhr10")
_BASELINE_GIOU = {"val": 0.517, "test": 0.462}
_KINDS = ("class", "implicit", "count", "size", "position", "region", "relation", "negative")
_SPLITS = ("val", "test")


@dataclass(frozen=True)
class Reports:
    """Reports of one split, as `segearth evaluate pack --json` printed them.

    Attributes:
        model: the model on every source.
        blank: the model with an empty text in place of each question.
        constant: the best constant mask.
    """

    model: Mapping[str, Any]
    blank: Mapping[str, Any]
    constant: Mapping[str, Any]

    @property
    def baseline_sources_giou(self) -> float:
        """The model's gIoU on the baseline's five sources: the mean over their questions."""
        groups = [self.model["per_source"][source] for source in BASELINE_SOURCES]
        return float(sum(group["gIoU"] * group["n"] for group in groups) / sum(group["n"] for group in groups))


def read_reports(folder: Path, split: str) -> Reports:
    """Read {split}.json, {split}_blank.json and {split}_constant.json.

    Raises:
        FileNotFoundError: one of them was not made yet.
    """

    def read(suffix: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((folder / f"{split}{suffix}.json").read_text(encoding="utf-8"))
        return report

    return Reports(read(""), read("_blank"), read("_constant"))


def write_model_card(
    model_dir: Annotated[Path, typer.Argument(help="The folder with the weights.")],
    reports_dir: Annotated[Path, typer.Argument(help="Holds val.json, val_blank.json, ... of this model.")],
) -> None:
    """Write README.md into the model's folder."""
    reports = {split: read_reports(reports_dir, split) for split in _SPLITS}
    digest = digest_checkpoint(model_dir)
    # A refiner that came later changes no answer to a question.
    accepted = {digest, digest_checkpoint(model_dir, includes_refiner=False)}
    for split, of_split in reports.items():
        for name, report in (("", of_split.model), ("_blank", of_split.blank)):
            if report["model_digest"] not in accepted:
                raise typer.BadParameter(f"{split}{name}.json was made with other weights than those in the folder")
    config = load_config(model_dir)
    template = Path(__file__).with_name("model_card_template.md").read_text(encoding="utf-8")
    card = template.format(
        digest=digest,
        sources=", ".join(config.training["sources"]),
        hours=config.training["seconds"] / 3600,
        phases=_phases_table(config.training["recipe"]["phases"]),
        end=_describe_mean(config.training["recipe"].get("averaged", ()), otherwise="those after the last phase"),
        seed=config.training["recipe"]["seed"],
        input_size=config.input_size,
        comparison=_comparison_table(reports),
        kinds=_kinds_table(reports),
        by_source=_sources_table(reports),
        templates=_templates_table(reports),
        calibration=_describe_calibration(config),
    )
    (model_dir / "README.md").write_text(card, encoding="utf-8")


def _describe_calibration(config: SegEarthConfig) -> str:
    pixels, presence = config.mask_temperature, config.presence_temperature
    if (pixels, presence) == (1.0, 1.0):
        return "The score is not calibrated."
    return (
        f"Confidences are stated under temperatures fitted on val (pixels {pixels:.2f}, presence {presence:.2f}); on "
        "images unlike the training data they promise too much. `segearth evaluate calibration` measures it."
    )


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [_row(header), "|" + " --- |" * len(header), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _comparison_table(reports: Mapping[str, Reports]) -> str:
    header = ("", *(f"{split} {name}" for split in _SPLITS for name in ("gIoU", "present", "absent", "cIoU")))

    def figures(pick: str) -> list[object]:
        cells: list[object] = []
        for split in _SPLITS:
            report = getattr(reports[split], pick)
            cells += [report["gIoU"], report["present_gIoU"], report["absent_gIoU"], report["cIoU"]]
        return cells

    ours: list[object] = []
    baseline: list[object] = []
    for split in _SPLITS:
        ours += [reports[split].baseline_sources_giou, "", "", ""]
        baseline += [_BASELINE_GIOU[split], "", "", ""]
    return _table(
        header,
        [
            ["**this model, all sources**", *figures("model")],
            ["(a) best constant mask", *figures("constant")],
            ["(b) this model, question left empty", *figures("blank")],
            ["**this model, the baseline's five sources**", *ours],
            ["(c) half-hour baseline, its five sources", *baseline],
        ],
    )


def _kinds_table(reports: Mapping[str, Reports]) -> str:
    rows = []
    for kind in _KINDS:
        cells: list[object] = [kind]
        for split in _SPLITS:
            of_kind = reports[split].model["per_kind"].get(kind)
            cells += ["", ""] if of_kind is None else [of_kind["gIoU"], of_kind["n"]]
        rows.append(cells)
    return _table(("kind", "val gIoU", "n", "test gIoU", "n"), rows)


def _sources_table(reports: Mapping[str, Reports]) -> str:
    names = sorted(reports["val"].model["per_source"])
    rows = [[name, *(reports[split].model["per_source"][name]["gIoU"] for split in _SPLITS)] for name in names]
    return _table(("source", "val gIoU", "test gIoU"), rows)


def _templates_table(reports: Mapping[str, Reports]) -> str:
    rows = [
        [label, *(reports[split].model["per_template"][name]["gIoU"] for split in _SPLITS)]
        for name, label in (("seen", "seen in training"), ("heldout", "held out"))
    ]
    return _table(("wording", "val gIoU", "test gIoU"), rows)


def _phases_table(phases: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            phase["name"],
            phase["language"],
            phase["steps"],
            phase["side"],
            f"{phase['images']} × {phase['questions']}",
            f"{phase.get('mosaic_share', 0.0):.0%}",
            f"{phase.get('absent_share', 0.0):.0%}",
            f"{phase.get('paraphrase_share', 0.0):.0%}",
            f"{phase.get('picked_weight', 1.0):g} ×",
            f"{phase.get('part_share', 0.0):.0%}",
            _describe_mean(phase.get("begins_with", ()), otherwise="the phase before" if row else "ImageNet"),
        ]
        for row, phase in enumerate(phases)
    ]
    header = (
        "phase",
        "language model",
        "steps",
        "input, px",
        "images × questions a step",
        "mosaics",
        "asked though absent",
        "in our own words",
        "picks drawn",
        "asked in a part",
    )
    return _table((*header, "begins with"), rows)


def _describe_mean(shares: Sequence[tuple[str, float]], *, otherwise: str) -> str:
    return " + ".join(f"{share:g} {name}" for name, share in shares) or otherwise


if __name__ == "__main__":
    typer.run(write_model_card)
