"""Trains the refiner on kept features, from the start or from the last checkpoint."""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import structlog
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from serving.model.refiner import ClickRefiner
from serving.refinement.suggestions import Suggester
from training.checkpointing import append_row, load_checkpoint, save_checkpoint
from training.errors import StartUnusableError
from training.refiner.batches import EpisodeBatch, draw_batch
from training.refiner.kept_features import FeatureKeeper
from training.refiner.recipe import RefinerRecipe
from training.samples import ImageSample

_LOG = structlog.get_logger()
_FAR_WEIGHT = 0.3  # of the cells that no prompt is about
_DICE_SLACK = 10.0  # cells added above and below, so that a target of few cells does not decide the step
_GRADIENT_CLIP = 5.0
_EARLIER_ROUNDS = (0, 0, 1, 2)  # prompts that were answered before the one that is learned from
_LOG_EVERY = 20


class RefinerTrainer:
    """Everything it needs to go on later is in `run_dir`.

    Args:
        refiner: to be trained.
        keeper: computes or reads the images.
        samples: training images; as many as the recipe wants are used, spread over them.
        recipe: the numbers.
        run_dir: checkpoints and losses.
        features_digest: of the model; a run is not gone on with for another one.
        suggester: for a refiner that reads suggestions.
    """

    def __init__(
        self,
        refiner: ClickRefiner,
        keeper: FeatureKeeper,
        samples: Sequence[ImageSample],
        recipe: RefinerRecipe,
        run_dir: Path,
        *,
        features_digest: str,
        suggester: Suggester | None = None,
    ) -> None:
        self._suggester = suggester
        self._refiner, self._keeper, self._recipe = refiner, keeper, recipe
        self._samples = samples
        self._order = np.random.default_rng(recipe.seed).permutation(len(samples))[: recipe.images]
        self._path = run_dir / "checkpoint.pt"
        self._run_dir = run_dir
        self._digest = features_digest

    def keep_images(self) -> None:
        """Compute the features of all images that are not there yet."""
        for number in _show(self._order.tolist(), "features"):
            self._keeper.keep(self._samples, number)

    def run(self, *, stop_after_steps: int | None = None) -> None:
        """Train to the recipe's last step.

        Args:
            stop_after_steps: stop early after so many steps of this call, with a checkpoint; None for never.

        Raises:
            StartUnusableError: the checkpoint belongs to another model.
        """
        recipe = self._recipe
        optimiser = torch.optim.AdamW(
            self._refiner.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        first = 0
        state = load_checkpoint(self._path)
        if state is not None:
            if state["features"] != self._digest:
                raise StartUnusableError(
                    "The run's checkpoint was trained on the features of other weights. Give another --run-dir."
                )
            if state.get("reads_suggestions", False) != (self._suggester is not None):
                raise StartUnusableError(
                    "One of the run's checkpoint and this training is told of suggestions, the other is not. Give "
                    "another --run-dir."
                )
            self._refiner.load_state_dict(state["refiner"])
            optimiser.load_state_dict(state["optimiser"])
            first = state["step"]
            _LOG.info("training_resumed", step=first)
        last = recipe.steps if stop_after_steps is None else min(recipe.steps, first + stop_after_steps)
        started = time.monotonic()
        for step in _show(range(first, last), "refiner"):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * self._share_of_rate(step)
            losses = self._step(step, optimiser)
            done = step + 1
            if done % _LOG_EVERY == 0 or done == last:
                row = {"step": done, **losses, "seconds": round(time.monotonic() - started, 1)}
                append_row(self._run_dir / "losses.csv", row)
            if done % recipe.checkpoint_every == 0 or done == last:
                save_checkpoint(
                    self._path,
                    {
                        "refiner": self._refiner.state_dict(),
                        "optimiser": optimiser.state_dict(),
                        "step": done,
                        "features": self._digest,
                        "reads_suggestions": self._suggester is not None,
                    },
                )

    def _step(self, step: int, optimiser: torch.optim.Optimizer) -> dict[str, float]:
        rng = np.random.default_rng((self._recipe.seed, step))
        batch = draw_batch(
            lambda index: self._keeper.keep(self._samples, int(self._order[index])),
            len(self._order),
            self._recipe,
            rng,
        )
        self._refiner.train()
        for _ in range(_EARLIER_ROUNDS[int(rng.integers(len(_EARLIER_ROUNDS)))]):
            self._answer(batch, rng)
        logits = self._refiner(batch.features, batch.rgb, batch.draw_prompts(self._suggester))
        losses = refiner_losses(logits, *batch.draw_wanted())
        total = losses["bce"] + losses["dice"]
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._refiner.parameters(), _GRADIENT_CLIP, error_if_nonfinite=True)
        optimiser.step()
        named = {"total": total, **losses, "gradient_norm": norm}
        return {name: round(float(value.detach()), 4) for name, value in named.items()}

    @torch.no_grad()
    def _answer(self, batch: EpisodeBatch, rng: np.random.Generator) -> None:
        logits = self._refiner(batch.features, batch.rgb, batch.draw_prompts(self._suggester))
        for episode, proposal in zip(batch.episodes, (logits[:, 0] > 0).numpy(), strict=True):
            episode.accept(proposal, rng)
            episode.prompt(rng, may_box=False)

    def _share_of_rate(self, step: int) -> float:
        warm = min(1.0, (step + 1) / self._recipe.warmup_steps)
        return warm * 0.5 * (1 + math.cos(math.pi * step / self._recipe.steps))


def _show(items: Sequence[int], what: str) -> Iterator[int]:
    """Yield the items, with a bar that moves on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        yield from progress.track(items, description=what)


def refiner_losses(logits: Tensor, wanted: Tensor, is_near: Tensor) -> dict[str, Tensor]:
    """Compare logits with what should be drawn.

    Args:
        logits: (B, 1, H, W).
        wanted: 0 or 1, float, (B, 1, H, W).
        is_near: 1 where a prompt is about the cell, else 0, float, (B, 1, H, W).

    Returns:
        "bce": mean over the near cells, plus a share of the mean over the far ones, so that small things count as
        much as large ones; "dice": one minus the overlap near the prompts. Scalars, means over the batch.
    """
    bce = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    near_mean = (bce * is_near).sum((1, 2, 3)) / is_near.sum((1, 2, 3)).clamp(min=1)
    far = 1 - is_near
    far_mean = (bce * far).sum((1, 2, 3)) / far.sum((1, 2, 3)).clamp(min=1)
    drawn = logits.sigmoid() * is_near
    overlap = 2 * (drawn * wanted).sum((1, 2, 3)) + _DICE_SLACK
    total = drawn.sum((1, 2, 3)) + (wanted * is_near).sum((1, 2, 3)) + _DICE_SLACK
    return {"bce": (near_mean + _FAR_WEIGHT * far_mean).mean(), "dice": (1 - overlap / total).mean()}
