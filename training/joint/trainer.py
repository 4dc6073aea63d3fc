"""Runs an experiment on one device or several, from the start or from the last checkpoint."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import structlog
import torch
from accelerate import Accelerator
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader

from training.checkpointing import append_row, load_checkpoint, save_checkpoint
from training.errors import ExperimentChangedError
from training.joint.batches import JointBatch, JointBatches, Share
from training.joint.experiment import Experiment
from training.joint.measuring import Quality, measure_network
from training.joint.network import JointNetwork
from training.joint.schedule import count_steps, learning_rate_share
from training.samples import ImageSample

_LOG = structlog.get_logger()
_FREE_TO_CHANGE = ("log_every", "checkpoint_every", "validate_every", "validation_images", "workers", "export_dtype")


class JointTrainer:
    """Trains a network; everything it needs to go on later is in `run_dir`.

    Args:
        network: with the gradients asked for that the experiment trains.
        train: images to learn from.
        val: images to measure on; may be empty.
        experiment: how.
        run_dir: checkpoint.pt, losses.csv and validation.csv.
        accelerator: the devices; of the experiment's precision.
    """

    def __init__(
        self,
        network: JointNetwork,
        train: Sequence[ImageSample],
        val: Sequence[ImageSample],
        experiment: Experiment,
        run_dir: Path,
        accelerator: Accelerator,
    ) -> None:
        self._network, self._val = network, val
        self._experiment, self._run_dir, self._accelerator = experiment, run_dir, accelerator
        run = experiment.run
        self._share = Share(run.images_per_device, accelerator.process_index, accelerator.num_processes)
        self._images_per_step = run.images_per_device * accelerator.num_processes * run.accumulation
        epochs_steps = count_steps(images=len(train), epochs=run.epochs, images_per_step=self._images_per_step)
        self.steps = run.steps or epochs_steps
        self._batches = JointBatches(
            train,
            experiment.data,
            self._share,
            side=network.config.input_size,
            seed=run.seed,
            length=self.steps * run.accumulation,
        )
        network.to(accelerator.device)
        self._trained = {name: values for name, values in network.named_parameters() if values.requires_grad}
        optimiser = torch.optim.AdamW(
            self._trained.values(),
            lr=experiment.optimiser.learning_rate,
            betas=experiment.optimiser.betas,
            eps=experiment.optimiser.epsilon,
            weight_decay=experiment.optimiser.weight_decay,
        )
        self._model = cast(nn.Module, accelerator.prepare_model(network))
        self._optimiser = cast(torch.optim.Optimizer, accelerator.prepare_optimizer(optimiser))
        self.seconds = 0.0

    def run(self, *, stop_after_steps: int | None = None) -> int:
        """Train until the last step; return how many steps are done now, those of earlier calls included.

        Args:
            stop_after_steps: stop early after so many steps of this call, with a checkpoint; None for never.

        Raises:
            ExperimentChangedError: what was trained so far was trained otherwise.
        """
        first = self._resume()
        last = self.steps if stop_after_steps is None else min(self.steps, first + stop_after_steps)
        accumulation = self._experiment.run.accumulation
        loader = DataLoader(
            self._batches,
            batch_size=None,
            sampler=range(first * accumulation, last * accumulation),
            num_workers=self._experiment.run.workers,
        )
        batches = iter(loader)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, disable=not self._accelerator.is_main_process) as progress:
            task = progress.add_task(self._experiment.name, total=self.steps, completed=first)
            for step in range(first, last):
                started = time.monotonic()
                row = self._step(step, batches)
                self.seconds += time.monotonic() - started
                progress.update(
                    task, completed=step + 1, description=f"{self._experiment.name} loss {row['total']:.3f}"
                )
                self._keep_record(step + 1, row, is_last=step + 1 == last)
        return max(first, last)

    def measure(self) -> Quality:
        """Return the quality on part of the validation images, which are not empty."""
        with self._accelerator.autocast():
            return measure_network(self._network, self._val, limit=self._experiment.run.validation_images)

    def _step(self, step: int, batches: Iterator[JointBatch]) -> dict[str, float]:
        config = self._experiment.optimiser
        share = learning_rate_share(step, steps=self.steps, warmup_share=config.warmup_share)
        for group in self._optimiser.param_groups:
            group["lr"] = config.learning_rate * share
        # Points of the loss and stochastic depth depend on the step alone, so that a resumed training draws the same.
        torch.manual_seed((self._experiment.run.seed * 1_000_003 + step) * 4_096 + self._share.rank)
        self._model.train()
        accumulation = self._experiment.run.accumulation
        rows: list[dict[str, float]] = []
        for number in range(accumulation):
            batch = next(batches).to(self._accelerator.device)
            is_complete = number == accumulation - 1
            with nullcontext() if is_complete else self._accelerator.no_sync(self._model):
                losses = self._model(batch)
                self._accelerator.backward(losses.total / accumulation)
            rows.append(losses.to_row())
        norm = self._accelerator.clip_grad_norm_(self._trained.values(), config.gradient_clip)
        if not bool(torch.isfinite(norm)):
            raise FloatingPointError(f"the gradient of step {step} is not finite; nothing of this step was taken over")
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
        return {**means, "gradient_norm": float(norm), "learning_rate": config.learning_rate * share}

    def _keep_record(self, done: int, row: dict[str, float], *, is_last: bool) -> None:
        run = self._experiment.run
        is_due = done % run.checkpoint_every == 0 or is_last
        measures = bool(self._val) and (done % run.validate_every == 0 or done == self.steps)
        if self._accelerator.is_main_process:
            if done % run.log_every == 0 or is_last:
                rounded = {name: float(f"{value:.6g}") for name, value in row.items()}
                append_row(self._run_dir / "losses.csv", {"step": done, **rounded, "seconds": round(self.seconds, 1)})
            if is_due:
                self._save(done)
            if measures:
                quality = self.measure()
                append_row(self._run_dir / "validation.csv", {"step": done, **asdict(quality)})
                _LOG.info("validated", step=done, giou=round(quality.giou, 4), ciou=round(quality.ciou, 4))
        if is_due or measures:
            self._accelerator.wait_for_everyone()

    @property
    def _checkpoint_path(self) -> Path:
        return self._run_dir / "checkpoint.pt"

    def _save(self, done: int) -> None:
        save_checkpoint(
            self._checkpoint_path,
            {
                "experiment": self._fingerprint(),
                "step": done,
                "seconds": self.seconds,
                "trained": {name: values.detach() for name, values in self._trained.items()},
                "buffers": self._buffers(),
                "optimiser": self._optimiser.state_dict(),
            },
        )

    def _resume(self) -> int:
        """Take over the last checkpoint, where there is one; return the steps that are done."""
        state = load_checkpoint(self._checkpoint_path)
        if state is None:
            return 0
        if state["experiment"] != self._fingerprint():
            raise ExperimentChangedError(
                "This run was begun with another experiment (or another number of images per step). "
                "Give it another --run-dir, or delete the old one."
            )
        with torch.no_grad():
            for kept, own in ((state["trained"], self._trained), (state["buffers"], self._buffers())):
                for name, values in kept.items():
                    own[name].copy_(values)
        self._optimiser.load_state_dict(state["optimiser"])
        self.seconds = state["seconds"]
        _LOG.info("training_resumed", step=state["step"])
        return int(state["step"])

    def _buffers(self) -> dict[str, Tensor]:
        """Return what is learned but is no parameter: the statistics of batch norms."""
        return {
            name: values
            for name, values in self._network.named_buffers()
            if "running_" in name or "num_batches" in name
        }

    def _fingerprint(self) -> str:
        """Return what must be the same for a training to go on."""
        kept: dict[str, Any] = asdict(self._experiment)
        kept["run"] = {name: value for name, value in kept["run"].items() if name not in _FREE_TO_CHANGE}
        # The same images at each step, on however many devices.
        del kept["run"]["images_per_device"], kept["run"]["accumulation"]
        return json.dumps({**kept, "images_per_step": self._images_per_step, "steps": self.steps}, sort_keys=True)


def build_accelerator(experiment: Experiment, *, on_cpu: bool = False) -> Accelerator:
    """Return the devices that `accelerate launch` gave this process; one, where it was started plainly."""
    precision = "bf16" if experiment.run.precision == "bf16" else "no"
    return Accelerator(mixed_precision=precision, cpu=on_cpu)
