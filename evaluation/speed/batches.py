"""`python -m evaluation.speed.batches [FOLDER]`: does the model cost less for several images at once than one by one?

Encoder with pixel decoder, and mask decoder, on the device that is asked for. Each round computes the same images one
by one and then together, so that other work on the machine falls on both; the ratio is of the medians. Seconds of the
processor stand beside those of the clock. One JSON object a line.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer

from evaluation.speed.turns import draw_scene
from serving.loading import choose_device
from serving.model.batches import join_features, split_features
from serving.model.checkpoint import load_model
from serving.model.normalisation import normalise_images
from serving.model.segearth import SegEarth

MINI = Path(__file__).resolve().parents[2] / "models" / "mini"
Row = dict[str, str | int | float]


def measure_batch(model: SegEarth, *, device: torch.device, images: int, rounds: int) -> list[Row]:
    """Return what one by one and together cost, one row for each of "encode" and "decode".

    Args:
        model: in evaluation mode, on `device`.
        device: where it computes.
        images: computed together.
        rounds: of which the medians are taken; one more goes before, to warm up.
    """
    config = model.config
    scenes = [torch.from_numpy(draw_scene(config.input_size, seed)) for seed in range(images)]
    pixels = normalise_images(torch.stack(scenes).to(device), config.pixel_mean, config.pixel_std)
    descriptions = torch.randn(images, 1, config.projector.text_dim, device=device)
    with torch.inference_mode():
        features = split_features(model.encode(pixels))
        one_by_one: dict[str, Callable[[], object]] = {
            "encode": lambda: [model.encode(pixels[index : index + 1]) for index in range(images)],
            "decode": lambda: [model.decode(one, descriptions[i : i + 1]) for i, one in enumerate(features)],
        }
        together: dict[str, Callable[[], object]] = {
            "encode": lambda: split_features(model.encode(pixels)),
            "decode": lambda: model.decode(join_features(features), descriptions),
        }
        return [_compare(name, one_by_one[name], together[name], device, images, rounds) for name in one_by_one]


def _compare(
    name: str,
    one_by_one: Callable[[], object],
    together: Callable[[], object],
    device: torch.device,
    images: int,
    rounds: int,
) -> Row:
    times = [(*_time(one_by_one, device), *_time(together, device)) for _ in range(rounds + 1)][1:]
    alone_s, alone_cpu_s, together_s, together_cpu_s = (
        statistics.median(column) for column in zip(*times, strict=True)
    )
    return {
        "part": name,
        "images": images,
        "one_by_one_s": round(alone_s, 4),
        "together_s": round(together_s, 4),
        "times_faster": round(alone_s / together_s, 2),
        "one_by_one_cpu_s": round(alone_cpu_s, 4),
        "together_cpu_s": round(together_cpu_s, 4),
        "times_cheaper": round(alone_cpu_s / together_cpu_s, 2),
    }


def _time(work: Callable[[], object], device: torch.device) -> tuple[float, float]:
    """Return the seconds of `work` by the clock, and by the processor."""
    started, started_cpu = time.perf_counter(), time.process_time()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started, time.process_time() - started_cpu


def main(
    folder: Annotated[Path, typer.Argument(help="A checkpoint of the small form.")] = MINI,
    images: Annotated[int, typer.Option(min=1, help="Computed together.")] = 4,
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Measure encoder and mask decoder for several images, one by one and together."""
    torch.set_num_threads(threads)
    chosen = choose_device(device)
    model = load_model(folder).to(chosen).eval()
    for row in measure_batch(model, device=chosen, images=images, rounds=rounds):
        typer.echo(json.dumps(row))


if __name__ == "__main__":
    typer.run(main)
