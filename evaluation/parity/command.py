"""`segearth parity CASE.npz`: how far this implementation is from the reference, point by point."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evaluation.errors import GoldenCaseError
from evaluation.parity.golden_case import GoldenCase, load_golden_case, parse_formula
from evaluation.parity.golden_model import build_golden_model
from evaluation.parity.golden_pipeline import Points, record_points

EXIT_DIFFERENT = 1
EXIT_UNUSABLE = 2

# Largest absolute deviation, from repeating the reference with other threads, without oneDNN and in float64.
INTERMEDIATE_GATE = 5e-5
STATISTICS_GATE = 2e-5
MASK_PIXELS_GATE = 100
_GATES = {
    "image_norm": 1e-6,  # anything larger means that the resizer is not OpenCV-exact
    "image_sum": 1e-6 * 1024**2,  # the same, summed over the square
    "aux_logits": 1e-3,
    "mask_logits_256": 2e-3,  # one attention bit at a logit near 0 may flip
    "mask_logits_1024": 2e-3,
    "mask_count": MASK_PIXELS_GATE,
    "labels": 0,
    "image_span": 0,
    "question_span": 0,
    "seq_len": 0,
}
# Given to the model, not made by it.
_INPUTS = {"input_ids", "question_ids", "answer_ids"}


@dataclass(frozen=True)
class Deviation:
    """How far one recorded point is off.

    Attributes:
        point: its key in the case.
        max_abs: largest absolute deviation; for `mask_packed` the number of mask pixels that differ; None where it
            is not a number or the shapes differ.
        max_rel: largest deviation relative to the recorded value, over values larger than the gate; None as above.
        gate: largest `max_abs` that passes.
        passed: whether it is within the gate.
    """

    point: str
    max_abs: float | None
    max_rel: float | None
    gate: float
    passed: bool


def parity(
    case: Annotated[Path, typer.Argument(metavar="CASE.npz", help="Recorded outputs of the reference.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    formula: Annotated[
        str | None,
        typer.Option(
            metavar="H,W,K",
            help="Size and variant of the formula picture, where no image_X.png lies beside case_X.npz.",
        ),
    ] = None,
) -> None:
    """Rebuild a golden case with its synthetic weights and compare every recorded point.

    Exits 0 if all points are within tolerance, 1 if one is not, 2 if the case cannot be used.
    """
    try:
        picture = None if formula is None else parse_formula(formula)
        golden = load_golden_case(case)
        if picture is not None and golden.image_path.is_file():
            typer.echo(f"{golden.image_path.name} lies beside the case; --formula is not used.", err=True)
        deviations = compare_case(golden, picture)
    except GoldenCaseError as error:
        if as_json:
            typer.echo(json.dumps({"error": str(error)}, ensure_ascii=False))
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_UNUSABLE) from error
    raise typer.Exit(report(deviations, case_name=case.name, as_json=as_json))


def report(deviations: list[Deviation], *, case_name: str, as_json: bool) -> int:
    """Write the table or the JSON object to stdout and return the exit status: 0 if every point passed, else 1."""
    passed = all(deviation.passed for deviation in deviations)
    if as_json:
        row = {"case": case_name, "passed": passed, "points": [asdict(deviation) for deviation in deviations]}
        typer.echo(json.dumps(row, ensure_ascii=False, allow_nan=False))
    else:
        _print_table(deviations, passed=passed)
    return 0 if passed else EXIT_DIFFERENT


def compare_case(case: GoldenCase, formula: tuple[int, int, int] | None = None) -> list[Deviation]:
    """Rebuild the model of a case, run it and compare every recorded point, in the order of the pipeline.

    Raises:
        GoldenCaseError: the picture is missing, or the recorded ids do not make a prompt.
    """
    config = case.build_config()
    case.build_sequence(config)  # an unusable prompt is said before half a minute of work
    rgb = case.load_image(formula)
    return compare_points(record_points(build_golden_model(config), case, rgb), case.arrays)


def compare_points(ours: Points, golden: dict[str, NDArray[Any]]) -> list[Deviation]:
    """Compare what both have; a point that only one has fails, except the model's inputs."""
    names = [*ours, *(name for name in golden if name not in ours and name not in _INPUTS)]
    return [_compare(name, ours.get(name), golden.get(name)) for name in names]


def _compare(name: str, ours: NDArray[Any] | None, golden: NDArray[Any] | None) -> Deviation:
    gate = _gate(name)
    if ours is None or golden is None or ours.shape != golden.shape:
        return Deviation(name, None, None, gate, passed=False)
    if name == "mask_packed":
        differing = int(np.unpackbits(ours ^ golden).sum())
        return Deviation(name, differing, differing / (8 * golden.size), gate, passed=differing <= gate)
    expected = golden.astype(np.float64)
    error = np.abs(ours.astype(np.float64) - expected)
    if not np.isfinite(error).all():
        return Deviation(name, None, None, gate, passed=False)
    max_abs = float(error.max(initial=0.0))
    # Below the gate a relative deviation measures rounding only.
    is_large = np.abs(expected) > gate
    max_rel = float((error[is_large] / np.abs(expected[is_large])).max(initial=0.0))
    return Deviation(name, max_abs, max_rel, gate, passed=max_abs <= gate)


def _gate(name: str) -> float:
    if name == "mask_packed":
        return MASK_PIXELS_GATE
    return _GATES.get(name, STATISTICS_GATE if name.endswith("_stats") else INTERMEDIATE_GATE)


def _print_table(deviations: list[Deviation], *, passed: bool) -> None:
    typer.echo(f"{'point':<22}{'max abs':>12}{'max rel':>12}{'gate':>12}")
    for one in deviations:
        row = f"{one.point:<22}{_number(one.max_abs):>12}{_number(one.max_rel):>12}{_number(one.gate):>12}"
        typer.echo(row + ("" if one.passed else "  FAILS"))
    failed = sum(not one.passed for one in deviations)
    points = len(deviations)
    typer.echo(
        f"All {points} points are within tolerance."
        if passed
        else f"{failed} of {points} points are not within tolerance."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
