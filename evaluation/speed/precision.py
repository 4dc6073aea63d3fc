"""`python -m evaluation.speed.precision FOLDER IMAGE...`: memory, seconds and masks of a checkpoint in each precision.

Each precision is loaded in a process of its own, so that its highest memory is its own. Every image is asked about
twice, cold and with kept features; masks are compared with those of fp32. Seconds of the CPU stand beside those of the
clock: on a machine that does other work they say what the clock cannot. Sums of products in fp16 are fp32, as on GPUs.
"""

import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from evaluation.packs.report import refer_to_file
from evaluation.speed.half_products import HalfProducts
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.loading import load_engine
from serving.model_choice import ModelChoice, Precision, Quantisation

QUESTION = "Which areas beside the road could be used to shelter residents after a flood?"
OTHER_QUESTION = "Where could a plane be serviced or refuelled right now?"

# What is worth comparing; the first is what the others are compared with.
CHOICES: tuple[tuple[Precision, Quantisation | None], ...] = (
    ("fp32", None),
    ("fp32", "int8"),
    ("fp32", "nf4"),
    ("bf16", None),
    ("bf16", "int8"),
    ("bf16", "nf4"),
    ("fp16", None),
)


@dataclass(frozen=True)
class Measurement:
    """One precision of one checkpoint.

    Attributes:
        precision: of the weights.
        quantisation: of the language backbone.
        import_rss_bytes: memory of the process before any weight.
        loaded_rss_bytes: highest memory of the process while loading.
        turn_rss_bytes: highest memory of the process after all questions.
        load_s: by the clock, digest included.
        load_cpu_s: by the processor.
        cold: stage -> [seconds by the clock, by the processor] of the first image's first question.
        cached: the same of its second question.
    """

    precision: str
    quantisation: str | None
    import_rss_bytes: int
    loaded_rss_bytes: int
    turn_rss_bytes: int
    load_s: float
    load_cpu_s: float
    cold: Mapping[str, list[float]]
    cached: Mapping[str, list[float]]


def measure(
    place: Path, images: Sequence[Path], choice: ModelChoice, *, threads: int | None
) -> tuple[Measurement, list[NDArray[np.bool_]]]:
    """Load one precision in this process, ask, and return what it took and the masks, two for each image."""
    import_rss = _peak_rss_bytes()
    started, started_cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as cache:
        engine = load_engine(choice, cache_dir=Path(cache), device="cpu", threads=threads)
    load_s, load_cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    loaded_rss = _peak_rss_bytes()
    masks: list[NDArray[np.bool_]] = []
    stages: list[dict[str, list[float]]] = []
    with HalfProducts() if choice.precision == "fp16" else nullcontext():
        for image in images:
            for question in (QUESTION, OTHER_QUESTION):
                mask, seconds = _ask(engine, image, question)
                masks.append(mask)
                stages.append(seconds)
    engine.close()
    measurement = Measurement(
        precision=choice.precision,
        quantisation=choice.quantisation,
        import_rss_bytes=import_rss,
        loaded_rss_bytes=loaded_rss,
        turn_rss_bytes=_peak_rss_bytes(),
        load_s=load_s,
        load_cpu_s=load_cpu_s,
        cold=stages[0] if stages else {},
        cached=stages[1] if stages else {},
    )
    return measurement, masks


def compare_masks(masks: Sequence[NDArray[np.bool_]], others: Sequence[NDArray[np.bool_]]) -> list[float]:
    """Return the IoU of each pair; 1 where both are empty."""
    ious = []
    for one, other in zip(masks, others, strict=True):
        union = int(np.count_nonzero(one | other))
        ious.append(int(np.count_nonzero(one & other)) / union if union else 1.0)
    return ious


def main(
    place: Annotated[Path, typer.Argument(help="A checkpoint in the released form.")],
    images: Annotated[
        list[Path] | None, typer.Argument(help="Images to ask about; none measures loading only.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; PyTorch's choice unless given.")] = None,
    dtype: Annotated[Precision | None, typer.Option(help="Measure this precision only.")] = None,
    quantize: Annotated[Quantisation | None, typer.Option(help="With --dtype: of the language backbone.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write this one precision's masks here (.npz).")] = None,
) -> None:
    """Print one JSON object a line for each precision; with --dtype, for that one only, in this process."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # its words on each layer's precision
    if dtype is not None:
        choice = ModelChoice(place, dtype, quantize)
        measurement, masks = measure(place, images or [], choice, threads=threads)
        if out is not None:
            np.savez_compressed(out, *masks)
        typer.echo(json.dumps(asdict(measurement)))
        return
    for row in _measure_all(place, images or [], threads):
        typer.echo(json.dumps(row))


def _measure_all(place: Path, images: Sequence[Path], threads: int | None) -> Iterator[dict[str, Any]]:
    reference: list[NDArray[np.bool_]] | None = None
    with tempfile.TemporaryDirectory() as folder:
        for precision, quantisation in CHOICES:
            out = Path(folder) / "masks.npz"
            command = [sys.executable, "-m", "evaluation.speed.precision", str(place), *map(str, images)]
            command += ["--dtype", precision, "--out", str(out)]
            command += [] if quantisation is None else ["--quantize", quantisation]
            command += [] if threads is None else ["--threads", str(threads)]
            finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            row: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
            with np.load(out) as stored:
                masks = [stored[name] for name in stored.files]
            reference = reference or masks
            yield row | {"iou_with_fp32": compare_masks(masks, reference)}


def _ask(engine: SegEarthEngine, image: Path, question: str) -> tuple[NDArray[np.bool_], dict[str, list[float]]]:
    marks: list[tuple[str, float, float]] = []

    def mark(stage: str) -> None:
        marks.append((stage, time.perf_counter(), time.process_time()))

    prediction = engine.segment(refer_to_file(image), question, cancellation=Cancellation(), report_stage=mark)
    mark("end")
    seconds = {
        stage: [later_s - began_s, later_cpu - began_cpu]
        for (stage, began_s, began_cpu), (_, later_s, later_cpu) in pairwise(marks)
    }
    return prediction.mask.pixels, seconds


def _peak_rss_bytes() -> int:
    """Highest resident memory of this process so far (Linux counts in KiB, macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    typer.run(main)
