"""Either form of checkpoint becomes an engine: precisions, quantisation, digest, and what is refused."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from evaluation.parity.golden_model import build_golden_model
from serving.cancellation import Cancellation
from serving.clicks import Click
from serving.engine import SegEarthEngine
from serving.errors import CheckpointMismatchError, DeviceUnavailableError, QuantisationUnavailableError
from serving.image_ref import ImageRef
from serving.imagery.admission import ImageLimits
from serving.imagery.intake import take_in_image
from serving.imagery.letterbox import Letterbox
from serving.imagery.rendering import load_rendering
from serving.language.question_tokenizer import QuestionTokenizer
from serving.loading import choose_device, load_engine
from serving.model.normalisation import normalise_images
from serving.model.weight_files import find_weight_files
from serving.model_choice import ModelChoice, Precision, Quantisation
from serving.prediction import Prediction
from serving.refinement.kinds import RefinerKind
from tests.fakes.tiny_released import TINY_RELEASED, write_tiny_checkpoint

SHIPPED = Path(__file__).parents[2] / "models" / "mini"
QUESTION = "Where is the  [SEG] red roof?"

needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None,
    reason="bitsandbytes, which quantises, is not installed (pip install -e '.[gpu]')",
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"), shard_bytes=400_000)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> ImageRef:
    folder = tmp_path_factory.mktemp("image")
    pixels = np.random.default_rng(0).integers(0, 255, (90, 150, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "noise.png")
    return take_in_image(folder / "noise.png", rendering_folder=folder, limits=ImageLimits())


def load(
    place: Path, tmp_path: Path, precision: Precision = "fp32", quantisation: Quantisation | None = None
) -> SegEarthEngine:
    return load_engine(ModelChoice(place, precision, quantisation), cache_dir=tmp_path, device="cpu")


def ask(engine: SegEarthEngine, image: ImageRef, question: str = QUESTION) -> Prediction:
    return engine.segment(image, question, cancellation=Cancellation(), report_stage=lambda _: None)


def test_the_engine_answers_what_the_parts_answer_one_by_one(checkpoint: Path, image: ImageRef, tmp_path: Path) -> None:
    """The slow, obvious way: one sequence without a cache, the golden model's parts in order."""
    golden = build_golden_model(TINY_RELEASED)
    rgb = load_rendering(image)
    box = Letterbox(image.grid.height, image.grid.width, 128)
    tokenizer = QuestionTokenizer(checkpoint, TINY_RELEASED.instruction, family="phi")
    sequence = tokenizer.build_sequence(QUESTION, TINY_RELEASED.compressor.token_count)
    with torch.inference_mode():
        square = normalise_images(
            torch.from_numpy(box.fit_image(rgb))[None], TINY_RELEASED.pixel_mean, TINY_RELEASED.pixel_std
        )
        features = golden.segearth.encode(square)
        hidden = golden.language(sequence.embed(golden.language.embed_tokens, features.visual_tokens[0])[None])
        description = hidden[0, sequence.question_span].mean(0)
        logits = golden.segearth.decode(features, description[None, None]).mask_logits
        upsampled = torch.nn.functional.interpolate(logits, size=128, mode="bilinear", align_corners=False)

    prediction = ask(load(checkpoint, tmp_path), image)

    # The same sums in another order (a cache in between): logits have a deviation of 2.
    np.testing.assert_allclose(prediction.mask_logits, box.restore_logits(upsampled[0, 0].numpy()), atol=2e-3)
    assert prediction.mask.grid == image.grid


def test_a_second_question_reuses_the_image_and_differs(checkpoint: Path, image: ImageRef, tmp_path: Path) -> None:
    engine = load(checkpoint, tmp_path)
    first, second = ask(engine, image), ask(engine, image, "Which fields are flooded?")

    assert "encode" in first.seconds
    assert "encode" not in second.seconds
    assert not np.array_equal(first.mask_logits, second.mask_logits)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_answers_nearly_the_same(
    checkpoint: Path, image: ImageRef, tmp_path: Path, precision: Precision
) -> None:
    whole, half = ask(load(checkpoint, tmp_path), image), ask(load(checkpoint, tmp_path, precision), image)

    difference = np.abs(whole.mask_logits - half.mask_logits)
    assert 0 < difference.mean() < 0.05 * whole.mask_logits.std()


@needs_bitsandbytes
@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_a_quantised_language_backbone_answers_nearly_the_same(
    checkpoint: Path, image: ImageRef, tmp_path: Path, quantisation: Quantisation
) -> None:
    whole = ask(load(checkpoint, tmp_path), image)
    quantised = ask(load(checkpoint, tmp_path, "fp32", quantisation), image)

    difference = np.abs(whole.mask_logits - quantised.mask_logits)
    assert 0 < difference.mean() < 0.2 * whole.mask_logits.std()


def test_without_bitsandbytes_quantising_names_the_command_that_installs_it(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "serving.language.quantisation", None)
    with pytest.raises(QuantisationUnavailableError, match=r"pip install.*bitsandbytes"):
        load(checkpoint, tmp_path, "fp32", "nf4")


def test_the_digest_is_that_of_the_files_in_every_precision(checkpoint: Path, image: ImageRef, tmp_path: Path) -> None:
    whole, half = load(checkpoint, tmp_path), load(checkpoint, tmp_path, "bf16")

    assert len(whole.model_digest) == 64
    assert whole.model_digest == half.model_digest
    assert ask(whole, image).model_digest == whole.model_digest


def test_another_weight_is_another_digest(checkpoint: Path, tmp_path: Path) -> None:
    before = load(checkpoint, tmp_path).model_digest
    shard = find_weight_files(checkpoint)[-1]
    original, stat = shard.read_bytes(), shard.stat()
    try:
        shard.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
        os.utime(shard, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
        assert load(checkpoint, tmp_path).model_digest != before
    finally:
        shard.write_bytes(original)


def test_segment_anything_answers_the_clicks_of_a_released_checkpoint(
    checkpoint: Path, image: ImageRef, tmp_path: Path
) -> None:
    without = load(checkpoint, tmp_path)
    assert without.refiner_kind is RefinerKind.CLASSICAL
    choice = ModelChoice(checkpoint, "fp32", None)
    engine = load_engine(choice, cache_dir=tmp_path, device="cpu", sam_dir=SHIPPED)
    assert engine.refiner_kind is RefinerKind.PROMPTED
    assert engine.model_digest != without.model_digest
    click = Click(40, 40, is_positive=True)
    prediction = engine.refine(
        image, None, clicks=[click], box=None, cancellation=Cancellation(), report_stage=lambda _: None
    )
    assert prediction.mask.pixels[click.row_col]
    assert load_engine(choice, cache_dir=tmp_path, device="cpu", sam_dir=tmp_path).model_digest == without.model_digest


def test_plain_pickled_weights_load_to_the_same_model(checkpoint: Path, image: ImageRef, tmp_path: Path) -> None:
    tensors = {name: values for shard in find_weight_files(checkpoint) for name, values in load_file(shard).items()}
    for path in checkpoint.glob("*.json"):
        if "index" not in path.name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "merges.txt").write_bytes((checkpoint / "merges.txt").read_bytes())
    torch.save(tensors, tmp_path / "pytorch_model.bin")

    np.testing.assert_array_equal(
        ask(load(tmp_path, tmp_path), image).mask_logits, ask(load(checkpoint, tmp_path), image).mask_logits
    )


def test_a_tokenizer_of_another_model_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / "added_tokens.json").read_text()
    (tmp_path / "added_tokens.json").write_text(text.replace("}", ', "[ONE]": 258, "[TWO]": 259}'))

    with pytest.raises(CheckpointMismatchError, match="260 tokens and the model 258"):
        load(tmp_path, tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_asking_for_cuda_where_there_is_none_is_a_sentence() -> None:
    with pytest.raises(DeviceUnavailableError, match="no CUDA device"):
        choose_device("cuda")
    assert choose_device("auto") == torch.device("cpu")
