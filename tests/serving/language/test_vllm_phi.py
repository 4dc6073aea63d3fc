"""The folder that vLLM reads SegEarth-R1's language backbone from: a config of Phi and links, no copy."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from serving.errors import BackendUnavailableError
from serving.language.vllm_phi import has_vocabulary_head, link_checkpoint
from serving.model.checkpoints import ReleasedCheckpoint, read_checkpoint
from serving.model.released_names import VOCABULARY_HEAD
from tests.fakes.tiny_released import TINY_RELEASED, write_tiny_checkpoint


def read(folder: Path) -> ReleasedCheckpoint:
    return read_checkpoint(folder, name=str(folder))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> ReleasedCheckpoint:
    return read(write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), shard_bytes=400_000))


def test_the_folder_holds_links_to_every_file_of_weights_and_of_the_tokenizer(
    checkpoint: ReleasedCheckpoint, tmp_path: Path
) -> None:
    folder = link_checkpoint(checkpoint, end_id=7, cache_dir=tmp_path)
    linked = {path.name: path.resolve() for path in folder.iterdir() if path.is_symlink()}
    assert len(checkpoint.weights) > 1
    for path in (*checkpoint.weights, checkpoint.tokenizer_folder / "vocab.json"):
        assert linked[path.name] == path.resolve()


def test_the_config_says_phi_in_the_checkpoint_s_sizes(checkpoint: ReleasedCheckpoint, tmp_path: Path) -> None:
    config = json.loads((link_checkpoint(checkpoint, end_id=7, cache_dir=tmp_path) / "config.json").read_text())
    language = TINY_RELEASED.language
    assert config["model_type"] == "phi"
    assert config["vocab_size"] == language.vocabulary_size
    assert config["num_hidden_layers"] == language.layers
    assert config["rope_parameters"]["partial_rotary_factor"] == language.rotary_dim / language.head_dim
    assert config["eos_token_id"] == 7
    assert config["tie_word_embeddings"] is False


def test_the_same_checkpoint_is_linked_once(checkpoint: ReleasedCheckpoint, tmp_path: Path) -> None:
    first = link_checkpoint(checkpoint, end_id=7, cache_dir=tmp_path)
    assert link_checkpoint(checkpoint, end_id=7, cache_dir=tmp_path) == first
    assert link_checkpoint(checkpoint, end_id=8, cache_dir=tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_weights_without_a_vocabulary_head_are_served_with_the_embeddings_in_its_place(
    checkpoint: ReleasedCheckpoint, tmp_path: Path
) -> None:
    tensors = {name: values for path in checkpoint.weights for name, values in load_file(path).items()}
    del tensors[VOCABULARY_HEAD]
    folder = write_tiny_checkpoint(tmp_path / "whole")
    for path in [*folder.glob("*.safetensors*")]:
        path.unlink()
    save_file(tensors, folder / "model.safetensors")
    headless = read(folder)

    assert has_vocabulary_head(checkpoint)
    assert not has_vocabulary_head(headless)
    config = json.loads((link_checkpoint(headless, end_id=7, cache_dir=tmp_path) / "config.json").read_text())
    assert config["tie_word_embeddings"] is True


def test_pickle_files_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path / "whole")
    tensors = {name: values for path in folder.glob("*.safetensors") for name, values in load_file(path).items()}
    for path in [*folder.glob("*.safetensors*")]:
        path.unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    with pytest.raises(BackendUnavailableError, match=r"\.safetensors files only.*--backend transformers"):
        link_checkpoint(read(folder), end_id=7, cache_dir=tmp_path)
