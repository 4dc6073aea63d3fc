"""The command `evaluate routing`."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from assistant.planning import understand
from assistant.routing.decomposition import decompose
from evaluation.packs.report import MeasuredEngine
from evaluation.reading.proposals import UNCLEAR_PARTS, report_proposals
from evaluation.reading.purposes import measure_purposes
from evaluation.reading.routing import PARTS, measure, measure_free, read_compound, read_corpus, read_rows, share
from evaluation.terminal import print_json, show_progress, speak_errors


def add_routing_command(app: typer.Typer, build_engine: Callable[[], MeasuredEngine]) -> None:
    """Add `routing` to the `evaluate` commands."""

    @app.command()
    def routing(
        proposals: Annotated[
            bool, typer.Option(help="Also let the language model propose what words mean that no rule understands.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> None:
        """Read a corpus of utterances: how many mean what they should, and which are taken for something else."""
        with speak_errors(as_json=as_json):
            report = report_routing()
            if proposals:
                engine = build_engine()
                report["model_digest"] = engine.model_digest
                with show_progress("Proposing", total=sum(len(read_rows(part)) for part in UNCLEAR_PARTS)) as advance:
                    report |= {part: report_proposals(part, engine, advance) for part in UNCLEAR_PARTS}
            if as_json:
                print_json(report)
                return
            Console().print(build_routing_table(report))
            Console().print(build_purposes_table(report["purposes"]))
            if proposals:
                Console().print(build_proposals_table(report))


def report_routing() -> dict[str, Any]:
    """Return the figures of each part of the corpus, and the utterances that are misread."""
    readings = {part: read_corpus(part) for part in PARTS}
    compound = read_compound()
    return {
        **{part: dataclasses.asdict(measure(readings[part])) for part in PARTS},
        "compound": {"count": len(compound), "exact": share([one.is_right for one in compound])},
        "purposes": measure_purposes(),
        "free": {"rules": measure_free(decompose), "learned": measure_free(understand)},
        "misread": [
            {"part": part, **dataclasses.asdict(one)} for part in PARTS for one in readings[part] if not one.is_right
        ],
    }


def build_routing_table(report: Mapping[str, Any]) -> Table:
    """Return a report as a table, one column for each part of the corpus."""
    compound, rules, learned = report["compound"], report["free"]["rules"], report["free"]["learned"]
    table = Table(
        title="Utterances said while a mask is there",
        caption=f"{compound['count']} compound questions, {compound['exact']:.1%} taken apart exactly; in free "
        f"wordings {rules['exact']:.1%} of {rules['picks']} by rules, {learned['exact']:.1%} with what was learned",
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


def build_purposes_table(purposes: Mapping[str, Mapping[str, float]]) -> Table:
    """Return how messages of each purpose fare as a table."""
    table = Table(title="What messages are for, held out")
    for name in ("purpose", "messages", "answered or offered", "got a mask"):
        table.add_column(name, justify="left" if name == "purpose" else "right")
    for name, figures in purposes.items():
        table.add_row(name, f"{figures['count']:,}", f"{figures['answered']:.1%}", f"{figures['marked']:.1%}")
    return table


def build_proposals_table(report: Mapping[str, Any]) -> Table:
    """Return the figures of what is proposed as a table, one column for each part of the corpus."""
    table = Table(title="Utterances that no rule understands")
    table.add_column("", no_wrap=True)
    for part in UNCLEAR_PARTS:
        table.add_column(part.removeprefix("unclear_"), justify="right")
    for label, key, form in (
        ("wishes", "wishes", "{:,}"),
        ("  done at once", "wishes_done", "{:.1%}"),
        ("  asked back", "wishes_asked_back", "{:.1%}"),
        ("new questions", "questions", "{:,}"),
        ("  asked back", "questions_asked_back", "{:.1%}"),
        ("small talk", "chatter", "{:,}"),
        ("  not put to the image", "chatter_not_segmented", "{:.1%}"),
        ("proposals", "proposals", "{:.1f}"),
    ):
        table.add_row(label, *(form.format(report[part][key]) for part in UNCLEAR_PARTS))
    for label, key in (("first is right", "first_right"), ("among the choices shown", "shown_right")):
        table.add_section()
        for way in ("cues", "model", "both"):
            table.add_row(f"{label}: {way}", *(f"{report[part][key][way]:.1%}" for part in UNCLEAR_PARTS))
    return table
