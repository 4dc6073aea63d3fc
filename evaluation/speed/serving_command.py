"""`segearth bench`: many simulated chats at once on each backend, and what hidden states cost vLLM's text."""

import json
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Protocol

import typer

from evaluation.packs.report import refer_to_file
from evaluation.speed.extraction_cost import measure_extraction
from evaluation.speed.serving import ServingRow, measure_chats, plot_serving
from evaluation.terminal import print_json, speak_errors
from serving.engine import SegEarthEngine
from serving.model_choice import Backend

_BACKENDS: tuple[Backend, ...] = ("vllm", "transformers")  # vLLM's process is gone before the other's memory is read


class OpenEngine(Protocol):
    """Loads the model on a backend, for as long as the block lasts."""

    def __call__(self, backend: Backend, *, extracts: bool = True) -> AbstractContextManager[SegEarthEngine]:
        """Return it; `extracts` says whether vLLM hands out hidden states."""
        ...


def build_bench_app(open_engine: OpenEngine, *, examples: Path) -> typer.Typer:
    """Return the command group.

    Args:
        open_engine: loads the model on a backend; left when it has been measured.
        examples: folder of pictures to ask about unless others are named.
    """
    app = typer.Typer(no_args_is_help=True, help="Measure how the program carries many at once.")

    @app.callback()
    def bench() -> None:
        """Measure how the program carries many at once."""

    @app.command()
    def serving(
        images: Annotated[
            list[Path] | None, typer.Argument(help="Pictures to ask about. Default: the examples that ship.")
        ] = None,
        chats: Annotated[str, typer.Option(help="How many chats at once, with commas between.")] = "1,4,16",
        turns: Annotated[int, typer.Option(min=1, help="Questions of each chat.")] = 3,
        words: Annotated[int, typer.Option(min=1, help="Tokens of each reply.")] = 16,
        backend: Annotated[Backend | None, typer.Option(help="Measure this one alone. Default: both.")] = None,
        out: Annotated[
            Path | None, typer.Option(help="Folder that gets serving.json and serving.png.", file_okay=False)
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout for each row.")] = False,
    ) -> None:
        """Compare the backends of the language model with many simulated chats at once."""
        numbers = _read_numbers(chats)
        paths = images or _list_pictures(examples)
        rows: list[ServingRow] = []
        with speak_errors(as_json=as_json):
            refs = [refer_to_file(path) for path in paths]
            for name in _BACKENDS if backend is None else (backend,):
                with open_engine(name) as engine:
                    for number in numbers:
                        row = measure_chats(engine, refs, backend=name, chats=number, turns=turns, words=words)
                        rows.append(row)
                        print_json(row.to_json()) if as_json else typer.echo(_to_line(row))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "serving.json").write_text(json.dumps([row.to_json() for row in rows], indent=2) + "\n")
            plot_serving(rows, out / "serving.png")

    @app.command()
    def extraction(
        streams: Annotated[str, typer.Option(help="How many replies at once, with commas between.")] = "1,8",
        words: Annotated[int, typer.Option(min=1, help="Tokens of each reply.")] = 64,
        rounds: Annotated[int, typer.Option(min=1, help="Starts of each kind of engine.")] = 2,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout for each row.")] = False,
    ) -> None:
        """Measure what handing out hidden states for masks costs the text of vLLM's engine."""
        numbers = _read_numbers(streams)
        refs = [refer_to_file(path) for path in _list_pictures(examples)]

        def open_vllm(extracts: bool) -> AbstractContextManager[SegEarthEngine]:
            return open_engine("vllm", extracts=extracts)

        with speak_errors(as_json=as_json):
            for row in measure_extraction(open_vllm, refs, streams=numbers, words=words, rounds=rounds):
                if as_json:
                    print_json({**asdict(row), "ratio": row.ratio})
                else:
                    typer.echo(
                        f"{row.streams} at once: {row.with_hidden_states:.1f} pieces of text a second with hidden "
                        f"states, {row.without:.1f} without, ratio {row.ratio:.2f}"
                    )

    return app


def _list_pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".jpg")


def _read_numbers(text: str) -> list[int]:
    numbers = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if min(numbers) < 1:
        raise typer.BadParameter("counts with commas between, such as 1,4,16", param_hint="--chats, --streams")
    return numbers


def _to_line(row: ServingRow) -> str:
    return (
        f"{row.backend}, {row.chats} chats: {row.turns_per_s:.2f} turns/s, "
        f"mask {row.mask_p50_s:.2f} s (95th percentile {row.mask_p95_s:.2f}), "
        f"first text {row.first_text_p50_s:.2f} s ({row.first_text_p95_s:.2f}), "
        f"memory {row.peak_bytes / 1e9:.1f} GB"
    )
