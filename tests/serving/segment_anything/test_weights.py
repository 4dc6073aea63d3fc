"""The file of MobileSAM's weights: the same after a round trip, refused in a sentence when it is not whole."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.model.checkpoint import SEGMENT_ANYTHING_NAME
from serving.segment_anything.mobile_sam import MobileSam
from serving.segment_anything.weights import convert_published, load_mobile_sam, read_published, save_mobile_sam

NAMES = {
    "image_encoder.patch_embed.seq.0.c.weight": "encoder.stem.0.weight",
    "image_encoder.layers.0.blocks.1.conv2.bn.running_var": "encoder.stages.0.1.depthwise.variance",
    "image_encoder.layers.1.downsample.conv3.bn.weight": "encoder.merges.1.project.scale",
    "image_encoder.layers.2.blocks.5.attn.attention_biases": "encoder.stages.2.5.attention.biases",
    "image_encoder.layers.2.blocks.5.attn.proj.bias": "encoder.stages.2.5.attention.project.bias",
    "image_encoder.layers.3.blocks.0.mlp.fc1.weight": "encoder.stages.3.0.mlp.widen.weight",
    "image_encoder.neck.3.bias": "encoder.neck.smooth_norm.bias",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix": (
        "prompt_encoder.shared_embedding.positional_embedding"
    ),
    "prompt_encoder.point_embeddings.2.weight": "prompt_encoder.point_embed.2.weight",
    "mask_decoder.transformer.layers.1.norm4.weight": "mask_decoder.transformer.layers.1.layer_norm4.weight",
    "mask_decoder.output_upscaling.3.bias": "mask_decoder.upscale_conv2.bias",
    "mask_decoder.output_hypernetworks_mlps.3.layers.0.bias": "mask_decoder.output_hypernetworks_mlps.3.proj_in.bias",
    "mask_decoder.output_hypernetworks_mlps.3.layers.1.bias": "mask_decoder.output_hypernetworks_mlps.3.layers.0.bias",
    "mask_decoder.iou_prediction_head.layers.2.weight": "mask_decoder.iou_prediction_head.proj_out.weight",
}
UNUSED = (
    "image_encoder.head.weight",
    "image_encoder.norm_head.bias",
    "image_encoder.layers.0.blocks.0.conv1.bn.num_batches_tracked",
    "image_encoder.layers.1.blocks.0.attn.attention_bias_idxs",
    "prompt_encoder.mask_downscaling.6.weight",
)


def build_model() -> MobileSam:
    """Return a model whose weights float16 keeps."""
    model = MobileSam()
    model.load_state_dict({name: tensor.half().float() for name, tensor in model.state_dict().items()})
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_mobile_sam(build_model(), folder)
    return folder


def test_published_names_become_those_of_the_model() -> None:
    converted = convert_published({theirs: torch.full((1,), index) for index, theirs in enumerate(NAMES)})
    assert {name: int(tensor) for name, tensor in converted.items()} == {
        ours: index for index, ours in enumerate(NAMES.values())
    }
    assert set(NAMES.values()) <= set(MobileSam().state_dict())


def test_what_is_never_used_is_left_out() -> None:
    assert convert_published({name: torch.zeros(1) for name in UNUSED}) == {}


def test_weights_that_float16_keeps_come_back_as_they_were(tmp_path: Path) -> None:
    model = build_model()
    save_mobile_sam(model, tmp_path)
    loaded = load_mobile_sam(tmp_path)
    assert not loaded.training
    torch.testing.assert_close(loaded.state_dict(), model.state_dict(), atol=0, rtol=0)


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut short"])
def test_something_else_than_the_published_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mobile_sam.pt").write_bytes(content)
    with pytest.raises(CheckpointMismatchError, match="published weights"):
        read_published(tmp_path / "mobile_sam.pt")


def test_a_file_of_other_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"image_encoder.neck.3.bias": torch.zeros(256)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointMismatchError, match=r"other\.pt"):
        read_published(tmp_path / "other.pt")


def test_a_folder_without_the_file_has_no_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissingError, match=SEGMENT_ANYTHING_NAME):
        load_mobile_sam(tmp_path)


def test_a_file_that_is_cut_short_is_refused(saved: Path, tmp_path: Path) -> None:
    whole = (saved / SEGMENT_ANYTHING_NAME).read_bytes()
    (tmp_path / SEGMENT_ANYTHING_NAME).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointMismatchError, match="damaged"):
        load_mobile_sam(tmp_path)


@pytest.mark.parametrize("change", ["missing", "reshaped", "foreign"])
def test_weights_of_another_model_are_refused(saved: Path, tmp_path: Path, change: str) -> None:
    tensors = load_file(saved / SEGMENT_ANYTHING_NAME)
    name = "encoder.stem.0.weight"
    tensor = tensors.pop(name)
    if change == "reshaped":
        tensors[name] = tensor[:1].contiguous()
    elif change == "foreign":
        tensors |= {name: tensor, "encoder.head.weight": torch.zeros(1)}
    save_file(tensors, tmp_path / SEGMENT_ANYTHING_NAME)
    with pytest.raises(CheckpointMismatchError, match="another version"):
        load_mobile_sam(tmp_path)
