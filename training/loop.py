"""Runs the phases of a recipe, from the start or from the last checkpoint."""

import math
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from evaluation.pictures import read_rgb
from serving.language.smollm2 import SmolLM2
from serving.model.config import SegEarthConfig
from serving.model.features import ImageFeatures
from serving.model.normalisation import fit_pictures, normalise_images
from serving.model.segearth import SegEarth
from training.adapters import Adapters
from training.averaging import START, average_phases, keep_weights, moving_average, require_weights
from training.batches import Batch, BatchConfig, TrainingBatches, collect_class_texts
from training.checkpointing import append_row, load_checkpoint, save_checkpoint
from training.dense_losses import dense_losses
from training.descriptions import DescriptionTable, build_table, collect_texts, load_table
from training.half_precision import autocast_on_cpu
from training.names import teach_names
from training.paraphrases import list_texts, load_wordings
from training.parts import WHOLE, PartBox, load_part_wordings
from training.places import fit_place_prior
from training.recipe import Phase, Recipe
from training.samples import ImageSample
from training.validation import QuickScore, choose_presence_threshold, score_samples, summarise

_LOG = structlog.get_logger()
_GRADIENT_CLIP = 20.0
_LOG_EVERY = 20
_STAND_INS = 4  # images whose visual tokens stand for all where descriptions are kept
_PARAPHRASE_STAND_INS = 2  # fewer, since there are more texts


class MiniTrainer:
    """Trains the mini model; everything it needs to go on later is in `run_dir`.

    Args:
        model: where the first phase begins.
        language: the backbone without adapters; they are put around it.
        table: descriptions by the untrained backbone, for phases that read them.
        train: images that are learned from.
        val: images that it is measured on now and then.
        recipe: the phases.
        run_dir: checkpoint, descriptions and figures.
    """

    def __init__(
        self,
        model: SegEarth,
        language: SmolLM2,
        table: DescriptionTable | None,
        train: Sequence[ImageSample],
        val: Sequence[ImageSample],
        recipe: Recipe,
        run_dir: Path,
    ) -> None:
        self._model, self._language, self._table = model, language, table
        self._train, self._val = train, val
        self._recipe, self._run_dir = recipe, run_dir
        self._config: SegEarthConfig = model.config
        language.requires_grad_(False)
        self._adapters = Adapters(language.causal_model, self._config.language)
        self._kept: DescriptionTable | None = None
        self._average: AveragedModel | None = None
        self._seconds = 0.0
        self._steps_left: int | None = None

    def run(self, *, first_phase: int = 0, stop_after_steps: int | None = None) -> None:
        """Train until the last phase is done.

        Args:
            first_phase: where a run without a checkpoint begins.
            stop_after_steps: stop early after so many steps of this call, with a checkpoint; None for never.
        """
        self._steps_left = stop_after_steps
        state = load_checkpoint(self._checkpoint_path)
        first_step = 0
        if state is not None:
            self._model.load_state_dict(state["model"])
            self._adapters.load_state(state["adapters"])
            first_phase, first_step = state["phase"], state["step"]
            self._seconds = state["seconds"]
            _LOG.info("training_resumed", phase=first_phase, step=first_step)
        to_come = {phase.name for phase in self._recipe.phases[first_phase:]}
        require_weights(self._run_dir, self._recipe.list_averaged_phases(first_phase) - to_come)
        for index, phase in enumerate(self._recipe.phases):
            if index < first_phase:
                continue
            is_resumed = state is not None and index == first_phase and first_step > 0
            self._run_phase(index, phase, first_step if is_resumed else 0, state if is_resumed else None)
            if self._steps_left == 0:
                return
        if self._recipe.averaged:
            self._model.load_state_dict(average_phases(self._run_dir, self._recipe.averaged))
        if self._recipe.teaches_names:
            self._teach_names()

    def _teach_names(self) -> None:
        last = len(self._recipe.phases) - 1
        table = self._keep_descriptions(last, self._recipe.phases[last], is_resumed=True)
        wordings = load_wordings(collect_class_texts(self._train))
        others = [
            [text for of_class in wordings.values() for text in of_class.implied],
            collect_texts(self._train),
            sorted(self._part_of_text),
        ]
        distances = teach_names(self._model, table, self._train, wordings, others, seed=self._recipe.seed)
        _LOG.info("names_taught", distances=[round(distance, 4) for distance in distances])

    def take_over(self, folder: Path) -> None:
        """Go on from the adapters and the time of the model in `folder`, whose weights the model has already.

        Args:
            folder: of a model that this recipe's first phases trained.
        """
        self._adapters.load(folder)
        if START in self._recipe.list_averaged_phases():
            keep_weights(self._run_dir, START, self._model.state_dict())
        self._seconds = float(self._config.training.get("seconds", 0))

    @property
    def adapters(self) -> Adapters:
        """The language backbone's trained part."""
        return self._adapters

    @property
    def seconds(self) -> float:
        """Time spent in training steps, over all runs."""
        return self._seconds

    @property
    def _checkpoint_path(self) -> Path:
        return self._run_dir / "checkpoint.pt"

    def _run_phase(self, index: int, phase: Phase, first_step: int, state: dict[str, Any] | None) -> None:
        if phase.begins_with and first_step == 0:
            self._model.load_state_dict(average_phases(self._run_dir, phase.begins_with))
        if phase.language == "kept":
            self._kept = self._keep_descriptions(index, phase, is_resumed=first_step > 0)
        if phase.fits_places and first_step == 0:
            others = dict.fromkeys(self._paraphrases, WHOLE) if phase.paraphrase_share else {}
            others |= self._part_of_text if phase.part_share else {}
            loss = fit_place_prior(self._model, _require(self._kept), self._train, others, seed=self._recipe.seed)
            _LOG.info("places_taught", phase=phase.name, loss=round(loss, 4))
        optimiser = self._build_optimiser(phase)
        self._average = moving_average(self._model, phase.ema_decay) if phase.ema_decay else None
        if state is not None:
            optimiser.load_state_dict(state["optimiser"])
            if self._average is not None:
                self._average.load_state_dict(state["average"])
        batches = TrainingBatches(
            self._train,
            BatchConfig(
                phase.images,
                phase.questions,
                phase.side,
                self._recipe.seed + 1000 * index,
                source_balance=phase.source_balance,
                colour=phase.colour,
                mosaic_share=phase.mosaic_share,
                absent_share=phase.absent_share,
                paraphrase_share=phase.paraphrase_share,
                picked_weight=phase.picked_weight,
                part_share=phase.part_share,
            ),
            phase.steps,
        )
        loader = DataLoader(
            batches,
            batch_size=None,
            sampler=range(first_step, phase.steps),
            num_workers=1,
            prefetch_factor=4,
        )
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns) as progress:
            task = progress.add_task(phase.name, total=phase.steps, completed=first_step)
            started = time.monotonic()
            for step, batch in enumerate(loader, start=first_step):
                self._set_learning_rates(optimiser, phase, step)
                losses = self._step(phase, step, batch, optimiser)
                progress.update(task, completed=step + 1, description=f"{phase.name} loss {losses['total']:.3f}")
                self._seconds += time.monotonic() - started
                started = time.monotonic()
                done = step + 1
                if self._steps_left is not None:
                    self._steps_left -= 1
                is_last = done == phase.steps or self._steps_left == 0
                if done % _LOG_EVERY == 0 or is_last:
                    row: dict[str, str | float] = {"phase": phase.name, "step": done, **losses}
                    row["seconds"] = round(self._seconds, 1)
                    append_row(self._run_dir / "losses.csv", row)
                if done == phase.steps and self._average is not None:
                    self._validate(phase, done, weights="last")
                    self._model.load_state_dict(self._average.module.state_dict())
                if done % self._recipe.checkpoint_every == 0 or is_last:
                    self._save(index, phase, done, optimiser)
                if done % self._recipe.validate_every == 0 or done == phase.steps:
                    self._validate(phase, done)
                    started = time.monotonic()
                if is_last:
                    return

    def _step(self, phase: Phase, step: int, batch: Batch, optimiser: torch.optim.Optimizer) -> dict[str, float]:
        self._model.train()
        if phase.encoder == "frozen":
            self._model.encoder.eval()
        self._model.encoder.requires_grad_(phase.encoder == "fine-tuned")
        self._model.compressor.requires_grad_(phase.language == "joint")
        images = normalise_images(batch.images, self._config.pixel_mean, self._config.pixel_std)
        with autocast_on_cpu():
            features = self._model.encode_pixels(images)
            if phase.language == "table":
                descriptions = _require(self._table).look_up(batch.texts)
            elif phase.language == "kept":
                descriptions = _require(self._kept).look_up(batch.texts, turn=step)
            else:
                with torch.set_grad_enabled(phase.language == "joint"):
                    prefix = self._language.encode_prefix(self._compress(features.res5))
                    descriptions = self._language.describe(prefix, batch.texts)
            prediction = self._model.decode(features, descriptions)
        losses = dense_losses(
            prediction, batch.targets, batch.is_known, batch.is_present, batch.is_judged, phase.loss_weights
        )
        optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        # Each group on its own: the language model's gradients are larger by far and would drown the others.
        norms = [
            torch.nn.utils.clip_grad_norm_(group["params"], _GRADIENT_CLIP, error_if_nonfinite=True)
            for group in optimiser.param_groups
        ]
        norm = torch.stack(norms).norm()
        optimiser.step()
        if self._average is not None:
            self._average.update_parameters(self._model)
        named = {"total": losses.total, "bce": losses.bce, "dice": losses.dice, "presence": losses.presence}
        return {name: round(float(value.detach()), 4) for name, value in {**named, "gradient_norm": norm}.items()}

    def _compress(self, res5: Tensor) -> Tensor:
        """Return visual tokens, computed in float32.

        In bfloat16, oneDNN's gradient of the second convolution's weights now and then held uninitialised memory
        (seen as norms of 1e8 and infinity with torch 2.13 on a 1x1 grid); in float32 it never did.
        """
        with torch.autocast("cpu", enabled=False):
            tokens: Tensor = self._model.compressor(res5.float())
        return tokens

    def _keep_descriptions(self, index: int, phase: Phase, *, is_resumed: bool) -> DescriptionTable:
        """Return descriptions by the language model as it is, after the visual tokens of images from all over train.

        A run makes them once: a resumed phase and later ones go on with them, though the encoder has moved since.
        """
        earlier = [before for before in self._recipe.phases[:index] if before.language == "kept"]
        table = self._keep_texts(
            collect_texts(self._train), "kept_descriptions", _STAND_INS, is_resumed=is_resumed, is_first=not earlier
        )
        until_now = (*earlier, phase)
        for name, shares, texts in (
            ("kept_paraphrases", [one.paraphrase_share for one in until_now], self._paraphrases),
            ("kept_parts", [one.part_share for one in until_now], sorted(self._part_of_text)),
        ):
            if shares[-1]:
                is_first = not any(shares[:-1])
                table.add(
                    self._keep_texts(texts, name, _PARAPHRASE_STAND_INS, is_resumed=is_resumed, is_first=is_first)
                )
        return table

    @cached_property
    def _paraphrases(self) -> list[str]:
        """Wordings of our own that ask for all of a class."""
        return list_texts(load_wordings(collect_class_texts(self._train)))

    @cached_property
    def _part_of_text(self) -> dict[str, PartBox]:
        """Wordings of our own that ask for a part of the image, each with its part."""
        wordings = load_part_wordings(collect_class_texts(self._train))
        return {text: part for of_class in wordings.values() for text, part in of_class}

    @torch.no_grad()
    def _keep_texts(
        self, texts: Sequence[str], name: str, stand_ins: int, *, is_resumed: bool, is_first: bool
    ) -> DescriptionTable:
        path = self._run_dir / f"{name}.safetensors"
        if is_resumed or (not is_first and path.is_file()):
            return load_table(texts, path)
        self._model.eval()
        places = [int((part + 0.5) * len(self._train) / stand_ins) for part in range(stand_ins)]
        tokens = []
        for sample in (self._train[place] for place in places):
            image = fit_pictures([read_rgb(sample.path)], self._config)
            tokens.append(self._model.encode(image).visual_tokens)
        return build_table(self._language, torch.cat(tokens), texts, path, adapters=self._adapters.digest())

    def _build_optimiser(self, phase: Phase) -> torch.optim.Optimizer:
        apart = {*self._model.encoder.parameters(), *self._model.compressor.parameters()}
        rest = [parameter for parameter in self._model.parameters() if parameter not in apart]
        groups: list[dict[str, Any]] = []
        if phase.encoder == "fine-tuned":
            groups.append({"params": list(self._model.encoder.parameters()), "peak": phase.encoder_learning_rate})
        groups.append({"params": rest, "peak": phase.learning_rate})
        if phase.language == "joint":
            language_parts = [*self._model.compressor.parameters(), *self._adapters.parameters]
            groups.append({"params": language_parts, "peak": phase.language_learning_rate})
        return torch.optim.AdamW(groups, lr=phase.learning_rate, weight_decay=phase.weight_decay)

    def _set_learning_rates(self, optimiser: torch.optim.Optimizer, phase: Phase, step: int) -> None:
        warm = min(1.0, (step + 1) / phase.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * step / phase.steps))
        share = warm * (phase.final_share + (1 - phase.final_share) * cosine)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * share

    def _save(self, index: int, phase: Phase, step: int, optimiser: torch.optim.Optimizer) -> None:
        is_over = step == phase.steps
        if is_over and phase.name in self._recipe.list_averaged_phases():
            keep_weights(self._run_dir, phase.name, self._model.state_dict())
        save_checkpoint(
            self._checkpoint_path,
            {
                "model": self._model.state_dict(),
                "adapters": self._adapters.state(),
                "optimiser": optimiser.state_dict(),
                "average": None if self._average is None else self._average.state_dict(),
                "phase": index + 1 if is_over else index,
                "step": 0 if is_over else step,
                "seconds": self._seconds,
            },
        )

    def _validate(self, phase: Phase, step: int, weights: str = "kept") -> None:
        scores = self._score(phase, self._val[:: max(1, len(self._val) // self._recipe.validation_images)])
        report = summarise(scores, self._config.presence_threshold)
        append_row(
            self._run_dir / "validation.csv",
            {
                "phase": phase.name,
                "step": step,
                "weights": weights,
                "giou": report.giou,
                "present": report.present,
                "absent": report.absent,
                "report": str(report),
            },
        )
        _LOG.info("validated", phase=phase.name, step=step, weights=weights, report=str(report))

    def calibrate_presence(self) -> float:
        """Return the presence threshold that serves the whole of val best."""
        scores = self._score(self._recipe.phases[-1], self._val)
        threshold = choose_presence_threshold(scores)
        _LOG.info("calibrated", presence_threshold=threshold, report=str(summarise(scores, threshold)))
        return threshold

    def _score(self, phase: Phase, samples: Sequence[ImageSample]) -> list[QuickScore]:
        """Answer as the finished model will, but for a table: there the phase's own, smaller picture does."""
        side = phase.side if phase.language == "table" else self._recipe.side

        def describe(features: ImageFeatures, texts: Sequence[str]) -> Tensor:
            if phase.language == "table":
                return _require(self._table).look_up([texts])
            return self._language.describe(self._language.encode_prefix(features.visual_tokens), [texts])

        return score_samples(self._model, side, samples, describe, needs_tokens=phase.language != "table")


def _require(table: DescriptionTable | None) -> DescriptionTable:
    if table is None:
        raise ValueError("this phase reads a table of descriptions, and none was given")
    return table
