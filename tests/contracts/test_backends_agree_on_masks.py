"""The small model in bf16 marks the same pixels of real images, whichever backend reads the question."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.masks.agreement import Agreement, measure_agreement
from evaluation.packs.pack import Pack, PackQuestion
from evaluation.packs.report import refer_to_file
from launch import choose_vllm, load_settings
from serving.cancellation import Cancellation
from serving.engine import SegEarthEngine
from serving.errors import BackendUnavailableError
from serving.loading import load_engine
from serving.model_choice import ModelChoice

REAL_PACK = Path(__file__).parents[3] / "shared" / "data"
IMAGES = 20
SETTINGS = load_settings()
IN_TRANSFORMERS = ModelChoice(SETTINGS.model_dir, "bf16")
IN_VLLM = ModelChoice(SETTINGS.model_dir, "bf16", backend="vllm")


def choose_questions(pack: Pack) -> list[PackQuestion]:
    """Return a question with something to be found for each of images that lie spread over the split."""
    by_image = {question.image: question for question in pack.select_questions("val") if not question.is_empty}
    return [*by_image.values()][:: max(1, len(by_image) // IMAGES)][:IMAGES]


def mark(engine: SegEarthEngine, pack: Pack, questions: Sequence[PackQuestion]) -> list[NDArray[np.bool_]]:
    masks = []
    for question in questions:
        image = refer_to_file(pack.image_path(question))
        prediction = engine.segment(image, question.question, cancellation=Cancellation(), report_stage=lambda _: None)
        masks.append(prediction.mask.pixels)
    return masks


@pytest.mark.vllm
@pytest.mark.skipif(not REAL_PACK.is_dir(), reason="no shared/data beside the checkout: real images are NOT tried")
def test_masks_of_twenty_real_images_agree_in_bf16() -> None:
    try:
        vllm = choose_vllm(SETTINGS, IN_VLLM)
    except BackendUnavailableError:
        pytest.skip("vLLM is not installed: agreement of masks is NOT tried (make test-vllm installs it and tries it)")
    pack = Pack(REAL_PACK)
    questions = choose_questions(pack)
    assert len({question.image for question in questions}) == IMAGES
    with closing(load_engine(IN_TRANSFORMERS, cache_dir=SETTINGS.cache_dir, device="cpu")) as engine:
        expected = mark(engine, pack, questions)
    with closing(load_engine(IN_VLLM, cache_dir=SETTINGS.cache_dir, device="cpu", vllm=vllm)) as engine:
        found = mark(engine, pack, questions)

    agreements = [measure_agreement(ours, theirs) for ours, theirs in zip(found, expected, strict=True)]

    together = Agreement(sum(each.intersection_px for each in agreements), sum(each.union_px for each in agreements))
    report = ", ".join(f"{each.iou:.4f} of {each.union_px:,} px" for each in agreements)
    assert sum(mask.any() for mask in expected) >= IMAGES // 2, "hardly anything was found; the comparison says little"
    assert together.iou >= 0.99, report
    # The median, not the mean: a mask whose confidence lies at the threshold changes by rounding alone, as it does in
    # transformers from fp32 to bf16.
    assert np.median([each.iou for each in agreements]) >= 0.99, report
