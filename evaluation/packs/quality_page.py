"""Sections of docs/quality.md that are made of reports, so that new weights need no figure copied by hand.

A section stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`; the words around it are written by
people.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Report = Mapping[str, Any]


def rewrite_page(page: str, reports_dir: Path) -> tuple[str, tuple[str, ...]]:
    """Return a page with every section anew whose reports are there, and the names of these sections.

    Args:
        page: Markdown with sections between comments.
        reports_dir: holds what the commands printed with `--json`, in the files that `SECTIONS` names.

    Raises:
        ValueError: the page lacks a section.
    """
    made = []
    for name, (files, write) in SECTIONS.items():
        reports = [_read_report(reports_dir / file) for file in files]
        if reports[0] is not None:
            page = replace_section(page, name, write(reports))
            made.append(name)
    return page, tuple(made)


def replace_section(page: str, name: str, text: str) -> str:
    """Return a page with `text` between the comments of the section `name`.

    Raises:
        ValueError: there is no such section.
    """
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(\n<!-- end {name} -->)", re.DOTALL)
    replaced, count = pattern.subn(lambda match: f"{match[1]}{text}{match[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} sections named {name}; it needs one")
    return replaced


def write_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; numbers with three places, None as a dash."""
    lines = [header, ["---"] * len(header), *([_format(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_calibration(reports: Sequence[Report | None]) -> str:
    """Return the table of `evaluate calibration`: with --fit, and then on val and test with what was stored."""
    fit, val, test = reports
    assert fit is not None, "a section is made only of reports that are there"
    rows: list[list[object]] = []
    for name, label in (("pixels", "a pixel is part of it"), ("presence", "it is in the image")):
        row: list[object] = [label, fit[name]["fitted"]["temperature"]]
        for report in (val, test):
            row += (
                [None, None] if report is None else [report[name][when]["ece"] for when in ("uncalibrated", "stored")]
            )
        rows.append(row)
    scores = [None if report is None else report["score"]["ece"] for report in (fit, val, test)]
    rows.append(["the score beside an answer", None, scores[0], scores[1], None, scores[2]])
    counts = [f"{split}, {report['n']:,} questions" for split, report in (("val", val), ("test", test)) if report]
    header = ("probability that", "temperature", "ECE, val", "calibrated", "ECE, test", "calibrated")
    return f"{write_table(header, rows)}\n\nMeasured on {' and '.join(counts)}."


def write_kinds(reports: Sequence[Report | None]) -> str:
    """Return gIoU by kind of question: the model, the assistant and the oracle on val, the first two on test."""
    val = reports[0]
    assert val is not None, "a section is made only of reports that are there"
    rows: list[list[object]] = []
    for kind in sorted(val["per_kind"], key=lambda kind: val["per_kind"][kind]["gIoU"], reverse=True):
        of_kind = [None if report is None else report["per_kind"].get(kind, {}).get("gIoU") for report in reports]
        rows.append([kind, val["per_kind"][kind]["n"], *of_kind])
    for name, label in (("gIoU", "**all**"), ("present_gIoU", "target present"), ("absent_gIoU", "target absent")):
        values = [None if report is None else report[name] for report in reports]
        rows.append([label, val["n"] if name == "gIoU" else None, *values])
    header = ("kind", "questions", "model alone", "through the assistant", "oracle", "test: alone", "test: assistant")
    return write_table(header, rows)


def write_errors(reports: Sequence[Report | None]) -> str:
    """Return gIoU of what is in the image by class, kind, size and source, worst first."""
    report = reports[0]
    assert report is not None, "a section is made only of reports that are there"
    tables = []
    for key, label in (
        ("per_class_present", "class"),
        ("per_kind_present", "kind of question"),
        ("per_target_share", "target's share of the image"),
        ("per_source_present", "source"),
    ):
        groups = sorted(report[key].items(), key=lambda group: group[1]["gIoU"])
        rows = [[name, group["n"], group["gIoU"]] for name, group in groups]
        tables.append(write_table((label, "questions", "gIoU"), rows))
    return "\n\n".join(tables)


def write_robustness(reports: Sequence[Report | None]) -> str:
    """Return the table of `evaluate robustness`."""
    report = reports[0]
    assert report is not None, "a section is made only of reports that are there"
    rows = [
        [name, figures["n"], figures["unchanged_gIoU"], figures["gIoU"], figures["mask_iou"]]
        for name, figures in report["disturbances"].items()
    ]
    wordings = report["wordings"]
    return (
        f"{write_table(('disturbance', 'questions', 'gIoU unchanged', 'gIoU', 'IoU of both masks'), rows)}\n\n"
        f"Of the {report['images']:,} images, {wordings['targets']:,} targets were asked for in several wordings; the "
        f"answers agree with a mean IoU of {_format(wordings['mask_iou'])}."
    )


def _read_report(path: Path) -> Report | None:
    if not path.is_file():
        return None
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report


def _format(cell: object) -> str:
    match cell:
        case None:
            return "–"
        case float():
            return f"{cell:.3f}"
        case int():
            return f"{cell:,}"
        case _:
            return str(cell)


# Name of a section -> the reports that it is made of, the first of which decides whether it is made, and how.
SECTIONS: Mapping[str, tuple[tuple[str, ...], Callable[[Sequence[Report | None]], str]]] = {
    "kinds": (("val.json", "val_assistant.json", "val_oracle.json", "test.json", "test_assistant.json"), write_kinds),
    "errors": (("val.json",), write_errors),
    "calibration": (("calibration_fit.json", "calibration_val.json", "calibration_test.json"), write_calibration),
    "robustness": (("robustness_val.json",), write_robustness),
}
