"""An experiment from its file to the folder with the trained model."""

from pathlib import Path

import structlog

from training.joint.checkpoint_folder import save_network
from training.joint.experiment import Experiment
from training.joint.experiment_file import load_experiment
from training.joint.starting import build_network, count_parameters
from training.joint.trainer import JointTrainer, build_accelerator
from training.samples import ImageSample
from training.sources import load_images

_LOG = structlog.get_logger()


def run_experiment(
    path: Path,
    *,
    cache_dir: Path,
    run_dir: Path | None = None,
    out: Path | None = None,
    stop_after: int | None = None,
    on_cpu: bool = False,
) -> None:
    """Train, and write the model when the last step is done.

    Args:
        path: the experiment, TOML.
        cache_dir: where SmolLM2's weights are kept.
        run_dir: what a resumed training needs; None for runs/NAME.
        out: where the model goes; None for RUN_DIR/model.
        stop_after: stop after so many steps of this call; None for never.
        on_cpu: leave a GPU alone.

    Raises:
        TrainingError: the experiment, its data or its start cannot be used.
        ServingError: weights are missing.
    """
    experiment = load_experiment(path)
    run_dir = run_dir or Path("runs") / experiment.name
    accelerator = build_accelerator(experiment, on_cpu=on_cpu)
    network = build_network(experiment, cache_dir=cache_dir)
    train, val = _load_both(experiment)
    trainer = JointTrainer(network, train, val, experiment, run_dir, accelerator)
    if accelerator.is_main_process:
        _LOG.info("training", images=len(train), steps=trainer.steps, **count_parameters(network))
    done = trainer.run(stop_after_steps=stop_after)
    if done == trainer.steps and accelerator.is_main_process:
        sources = sorted({sample.source for sample in train})
        save_network(network, out or run_dir / "model", experiment, seconds=trainer.seconds, sources=sources)
    accelerator.wait_for_everyone()


def _load_both(experiment: Experiment) -> tuple[list[ImageSample], list[ImageSample]]:
    data = experiment.data
    root = Path(data.root)
    val = load_images(data.kind, root, data.validation_split) if data.validation_split else []
    return load_images(data.kind, root, data.train_split), val
