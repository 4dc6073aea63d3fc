"""The command `evaluate routing`."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evaluation.routing import PARTS, measure, read_compound, read_corpus, share
from evaluation.terminal import print_json


def add_routing_command(app: typer.Typer) -> None:
    """Add `routing` to the `evaluate` commands."""

    @app.command()
    def routing(
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Read a corpus of utterances: how many mean what they should, and which are taken for something else."""
        report = report_routing()
        if as_json:
            print_json(report)
        else:
            Console().print(build_routing_table(report))


def report_routing() -> dict[str, Any]:
    """Return the figures of each part of the corpus, and the utterances that are misread."""
    readings = {part: read_corpus(part) for part in PARTS}
    compound = read_compound()
    return {
        **{part: dataclasses.asdict(measure(readings[part])) for part in PARTS},
        "compound": {"count": len(compound), "exact": share([one.is_right for one in compound])},
        "misread": [
            {"part": part, **dataclasses.asdict(one)} for part in PARTS for one in readings[part] if not one.is_right
        ],
    }


def build_routing_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table, one column for each part of the corpus."""
    compound = report["compound"]
    table = Table(
        title="Utterances said while a mask is there",
        caption=f"{compound['count']} compound questions, {compound['exact']:.1%} taken apart exactly",
    )
    table.add_column("", no_wrap=True)
    for part in PARTS:
        table.add_column(part, justify="right")
    rows = (
        ("utterances", "count", "{:,}"),
        ("read exactly", "exact", "{:.1%}"),
        ("new questions", "questions", "{:,}"),
        ("  taken for something else", "questions_mistaken", "{:.1%}"),
        ("refinements", "refinements", "{:,}"),
        ("  taken for a new question", "refinements_mistaken", "{:.1%}"),
        ("  read exactly", "refinements_exact", "{:.1%}"),
    )
    for label, key, form in rows:
        table.add_row(label, *(form.format(report[part][key]) for part in PARTS))
    return table
