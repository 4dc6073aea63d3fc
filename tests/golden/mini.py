"""The small golden cases: stored inputs and outputs of single modules, with weights drawn by the fill rule."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evaluation.parity.golden_fill import draw_weights

GOLDEN_FOLDER = Path(__file__).parent

# Float32 on another machine or with other threads moved the reference by at most 1.1e-6; an independent
# re-computation by 4.8e-6 (see README.md in this folder).
ATOL = 2e-5


@dataclass(frozen=True)
class MiniCase:
    """One case of mini.npz.

    Attributes:
        name: of the case.
        config: its sizes; `params` maps a parameter's name to its shape.
        arrays: its inputs and outputs, as stored.
    """

    name: str
    config: Any
    arrays: dict[str, np.ndarray[Any, Any]]

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name])

    def state(self) -> dict[str, Tensor]:
        """Return the weights, under the reference's names."""
        return {
            name: torch.from_numpy(draw_weights(name, shape, key=f"mini/{self.name}/{name}"))
            for name, shape in self.config["params"].items()
        }


def load_mini_case(name: str) -> MiniCase:
    """Read one case; its arrays are those whose key starts with the case's name."""
    with np.load(GOLDEN_FOLDER / "mini.npz") as stored:
        configs = json.loads(stored["config_json"].tobytes())
        arrays = {key.removeprefix(f"{name}/"): stored[key] for key in stored.files if key.startswith(f"{name}/")}
    return MiniCase(name, configs.get(name, {}), arrays)


def assert_matches(ours: Tensor, golden: Tensor, *, atol: float = ATOL) -> None:
    """Fail with the largest deviation if `ours` is not the golden tensor."""
    torch.testing.assert_close(ours.detach(), golden, atol=atol, rtol=0)
