"""A model of a few thousand parameters, and a folder of red and blue shapes to learn from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fakes.tokenizer import VOCABULARY_SIZE
from training.joint.experiment import DataConfig, Experiment, LossConfig, OptimiserConfig, RunConfig, StartConfig
from training.losses import PointLossConfig

SIDE = 128  # res5 is then 4 x 4: enough for every number of visual tokens to differ
RED, BLUE = (220, 40, 40), (40, 60, 220)
WORDS = {"question_prefix": " ", "before_image": "Look: ", "after_image": "\nMark: ", "instruction_end": " [/INST]"}

MODEL: dict[str, Any] = {
    "input_size": SIDE,
    "encoder": {"embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4, "mlp_ratio": 2},
    "compressor": {"in_channels": 64, "in_side": 4, "hidden_channels": 16, "token_dim": 32},
    "projector": {"text_dim": 32, "visual_dim": 64, "dim": 16, "heads": 2, "head_dim": 8, "query_dim": 16},
    "pixel_decoder": {
        "in_channels": [8, 16, 32, 64],
        "dim": 16,
        "mask_dim": 16,
        "heads": 2,
        "points": 2,
        "layers": 1,
        "feed_forward_dim": 32,
        "norm_groups": 4,
    },
    "mask_decoder": {"dim": 16, "mask_dim": 16, "heads": 2, "layers": 3, "feed_forward_dim": 32},
    "language": {
        "hidden_size": 32,
        "layers": 2,
        "heads": 4,
        "key_value_heads": 4,
        "intermediate_size": 64,
        "vocabulary_size": VOCABULARY_SIZE,
        "rotary_dim": 4,
    },
    "instruction": WORDS,
}


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return nested tables with some values replaced."""
    merged = dict(base)
    for name, value in changes.items():
        merged[name] = merge(base[name], value) if isinstance(value, dict) and name in base else value
    return merged


def build_experiment(root: Path, *, steps: int = 12, model: dict[str, Any] | None = None, **run: Any) -> Experiment:
    """Build an experiment that takes seconds."""
    return Experiment(
        name="tiny",
        data=DataConfig(kind="folder", root=str(root), validation_split="", questions="all", questions_per_image=2),
        model=merge(MODEL, model or {}),
        start=StartConfig(random=True),
        losses=LossConfig(points=PointLossConfig(points=64)),
        optimiser=OptimiserConfig(learning_rate=6e-3),
        run=RunConfig(**{
            "steps": steps,
            "images_per_device": 2,
            "precision": "fp32",
            "workers": 0,
            "log_every": 1,
            "export_dtype": "float32",
            **run,
        }),
    )  # fmt: skip


def write_shapes(root: Path, *, images: int = 4, side: int = 64) -> Path:
    """Write a plain folder: a red disc and a blue box on each picture, and questions on them and on something else."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:side, :side]
    lines: list[dict[str, Any]] = []
    for number in range(images):
        rgb = np.full((side, side, 3), 200, np.uint8)
        rgb += rng.integers(0, 20, rgb.shape, np.uint8)
        row, column = (int(value) for value in rng.integers(side // 4, side // 2, 2))
        disc = (rows - row) ** 2 + (columns - column) ** 2 < (side // 6) ** 2
        box = (rows > side * 3 // 4) & (columns > column)
        rgb[disc], rgb[box] = RED, BLUE
        Image.fromarray(rgb).save(root / f"images/{number}.png")
        split = "val" if number == images - 1 else "train"
        for name, mask, question, answer in (
            ("disc", disc, "Which cells took up the red dye?", "One cell."),
            ("box", box, "Where is the blue gel?", "At the bottom."),
        ):
            Image.fromarray(mask).save(root / f"masks/{number}_{name}.png")
            lines.append(
                {"image": f"{number}.png", "mask": f"{number}_{name}.png", "question": question, "answer": answer}
            )
        lines.append({"image": f"{number}.png", "mask": None, "question": "Where are bubbles?", "answer": "Nowhere."})
        for line in lines[-3:]:
            line["split"] = split
    (root / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return root
