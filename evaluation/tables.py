"""Reports as tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from evaluation.benchmarks.report import TableRow
from evaluation.metrics import THRESHOLDS
from evaluation.speed.turns import SpeedReport


def build_pack_tables(report: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return a report of `evaluation.packs.report.report_scores` as one table, overall first, then each group."""
    table = Table(title=f"Split {report['split']}, {report['n']:,} questions, {report['answered_by']}")
    table.add_column("questions", no_wrap=True)
    for heading in ("n", "gIoU", "cIoU", "P@0.5", "P@0.7", "P@0.9", "empty right"):
        table.add_column(heading, justify="right")
    _add_row(table, "all", report)
    for key, label in (
        ("per_kind", "kind"),
        ("per_source", "source"),
        ("per_template", "template"),
        ("per_target_share", "size"),
    ):
        table.add_section()
        for name, figures in report[key].items():
            _add_row(table, f"{label}: {name}", figures)
    present = Table(title="gIoU where the thing asked for is there, and where it is not")
    present.add_column("present", justify="right")
    present.add_column("absent", justify="right")
    present.add_row(_format(report["present_gIoU"]), _format(report["absent_gIoU"]))
    return table, present


def build_benchmark_table(rows: Sequence[TableRow], figures: Mapping[str, Any]) -> Table:
    """Return a benchmark's rows, ours first, in percent; below, where they come from and how consistent ours are."""
    notes = list(dict.fromkeys(row.note for row in rows))
    legend = [f"{number} {note}" for number, note in enumerate(notes, start=1)]
    consistency, targets = figures["consistency"], figures["targets_asked_for_more_than_once"]
    if consistency is not None:
        legend.append(f"consistency over {targets:,} targets: mean IoU {100 * consistency:.2f}")
    table = Table(title=f"{figures['benchmark']}, {figures['split']}, percent", caption="\n".join(legend))
    table.caption_justify = "left"
    table.add_column("system")
    for heading in ("gIoU", "cIoU", *(f"@{threshold}" for threshold in THRESHOLDS)):
        table.add_column(heading, justify="right", no_wrap=True)
    # A number: the notes are long, and a terminal may be narrow.
    table.add_column("note", justify="right", no_wrap=True)
    for row in rows:
        values = (row.giou, row.ciou, *row.precision)
        shown = ("-" if value is None else f"{value:.2f}" for value in values)
        table.add_row(row.system, *shown, str(notes.index(row.note) + 1))
    return table


def build_speed_table(report: SpeedReport) -> Table:
    """Return the seconds of each stage for the first turn and the second question, with their ratio."""
    table = Table(
        title=f"{report.images} images of {report.width} x {report.height}, medians",
        caption=(
            f"warm-up {report.warm_up.total_s:.2f} s; the second question is {report.speedup:.1f} times as fast; "
            f"the first click takes {report.first_click.total_s:.3f} s, another {report.click.total_s:.3f} s"
        ),
    )
    table.add_column("stage")
    for heading in ("first, s", "second, s", "first / second"):
        table.add_column(heading, justify="right")
    for name in dict.fromkeys([*report.first.stages_s, *report.second.stages_s]):
        table.add_row(name, *_compare(report.first.stages_s.get(name), report.second.stages_s.get(name)))
    table.add_section()
    table.add_row("total", *_compare(report.first.total_s, report.second.total_s))
    return table


def _add_row(table: Table, label: str, figures: Mapping[str, Any]) -> None:
    precision = figures["precision_at"]
    values = (figures["gIoU"], figures["cIoU"], *precision.values(), figures["empty_accuracy"])
    table.add_row(label, f"{figures['n']:,}", *(_format(value) for value in values))


def _format(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _compare(first_s: float | None, second_s: float | None) -> tuple[str, str, str]:
    ratio = "cached" if second_s is None else "-" if not first_s or not second_s else f"{first_s / second_s:.1f}"
    return (
        "-" if first_s is None else f"{first_s:.3f}",
        "-" if second_s is None else f"{second_s:.3f}",
        ratio,
    )
