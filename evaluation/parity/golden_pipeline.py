"""The pipeline of SegEarth-R1 step by step, so that every recorded point of a golden case can be read.

The parts are those that serve; only their order is spelled out here, as in the recording (`tests/golden/README.md`).
Float32 throughout, one image, the reply included in the sequence.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evaluation.parity.golden_case import GoldenCase
from evaluation.parity.golden_model import GoldenModel
from serving.model.features import HierarchicalFeatures, PixelFeatures
from serving.model.normalisation import fit_pictures

Points = dict[str, NDArray[Any]]

# How finely each feature map was recorded: channels, then rows and columns as (start, step).
_LEVEL_STEPS = {"res2": (8, 16), "res3": (16, 8), "res4": (32, 4), "res5": (32, 2)}
_PIXEL_STEPS = (2, 4, 8)


@torch.inference_mode()
def record_points(model: GoldenModel, case: GoldenCase, rgb: NDArray[np.uint8]) -> Points:
    """Run the model on one picture and return our values at the points that a case records.

    Args:
        model: filled for this case.
        case: its ids and prompt are used, and which layers and columns it recorded; never its results.
        rgb: uint8 (height, width, 3).
    """
    config = model.segearth.config
    points: Points = {}
    image = fit_pictures([rgb], config)
    points["image_norm"] = image[0, :, 7::61, 11::53].numpy()
    points["image_sum"] = image[0].double().sum(dim=(1, 2)).numpy()

    levels: HierarchicalFeatures = model.segearth.encoder(image)
    for name, (channel_step, step) in _LEVEL_STEPS.items():
        level = getattr(levels, name)[0]
        points[name] = level[::channel_step, 1::step, 1::step].numpy()
        points[f"{name}_stats"] = _stats(level)

    visual_tokens = model.segearth.compressor(levels.res5)[0]
    points["visual_tokens"] = visual_tokens[:, :: case.visual_token_step].numpy()
    points["visual_tokens_stats"] = _stats(visual_tokens)

    question = _read_question(model, case, visual_tokens, points)
    query = _project(model, question, levels.res5, points)
    features = _decode_pixels(model, levels, points)
    _decode_mask(model, query, features, points)
    return points


def _read_question(model: GoldenModel, case: GoldenCase, visual_tokens: Tensor, points: Points) -> Tensor:
    """Run the language model; return the hidden states of the question, (n, D)."""
    sequence = case.build_sequence(model.segearth.config)
    points["labels"] = np.array(case.label_reply())
    points["image_span"] = _span(sequence.image_span)
    points["question_span"] = _span(sequence.question_span)
    points["seq_len"] = np.array([len(sequence)])
    embeddings = sequence.embed(model.language.embed_tokens, visual_tokens)
    points["inputs_embeds"] = embeddings[:, ::64].numpy()
    points["inputs_embeds_stats"] = _stats(embeddings)

    def record_layer(number: int) -> Any:
        def record(_layer: object, _inputs: object, output: Tensor) -> None:
            points[f"llm_layer{number}"] = output[0, :, ::64].numpy()
            points[f"llm_layer{number}_stats"] = _stats(output[0])

        return record

    hooks = [
        model.language.phi.layers[number].register_forward_hook(record_layer(number)) for number in case.recorded_layers
    ]
    hidden = model.language(embeddings[None])[0]  # (L, D)
    for hook in hooks:
        hook.remove()
    question: Tensor = hidden[sequence.question_span]
    points["hidden_question"] = question[:, ::4].numpy()
    points["hidden_stats"] = _stats(hidden)
    return question


def _project(model: GoldenModel, question: Tensor, res5: Tensor, points: Points) -> Tensor:
    """Return the query, (1, 1, 256)."""
    projector = model.segearth.projector
    description = question.mean(0)
    media = projector.visual_projector(res5[0].flatten(1).T)  # (cells, 512)
    direct, text = projector.seg_projector(description), projector.text_projector(description)
    points["e"] = description.numpy()
    points["g"] = direct.numpy()
    points["t0"] = text.numpy()
    points["t_rest"] = projector.text_projector(question)[:, ::8].numpy()
    points["V"] = media[5::16, ::8].numpy()
    points["V_stats"] = _stats(media)
    points["d"] = projector.perceiver(text[None, None], media[None])[0, 0].numpy()
    query: Tensor = projector(description[None, None], res5)
    points["query"] = query[0, 0].numpy()
    return query


def _decode_pixels(model: GoldenModel, levels: HierarchicalFeatures, points: Points) -> PixelFeatures:
    features: PixelFeatures = model.segearth.pixel_decoder(levels)
    for number, (level, step) in enumerate(zip(features.multi_scale, _PIXEL_STEPS, strict=True)):
        points[f"pixel_ms{number}"] = level[0, ::16, 1::step, 1::step].numpy()
        points[f"pixel_ms{number}_stats"] = _stats(level[0])
    points["mask_features"] = features.mask_features[0, ::16, 3::16, 3::16].numpy()
    points["mask_features_stats"] = _stats(features.mask_features[0])
    return features


def _decode_mask(model: GoldenModel, query: Tensor, features: PixelFeatures, points: Points) -> None:
    prediction = model.segearth.mask_decoder(query, features)
    auxiliary = torch.cat([logits[0] for logits in prediction.auxiliary_mask_logits])
    points["aux_logits"] = auxiliary[:, 3::8, 3::8].numpy()
    points["mask_logits_256"] = prediction.mask_logits[0, 0].numpy()
    size = model.segearth.config.input_size
    square = functional.interpolate(prediction.mask_logits, size=(size, size), mode="bilinear")[0, 0]
    points["mask_logits_1024"] = square[5::32, 5::32].numpy()
    mask = (square > 0).numpy()
    points["mask_packed"] = np.packbits(mask, axis=1)
    points["mask_count"] = np.array([np.count_nonzero(mask)])


def _stats(values: Tensor) -> NDArray[np.float32]:
    """Return [mean, population standard deviation] along the first axis, float32 (N, 2)."""
    array = values.numpy()
    rest = tuple(range(1, array.ndim))
    # In float32 over the array as it lies in memory, as it was recorded: another order of adding moves the mean of
    # 128x128 cells by 1e-5.
    return np.stack([array.mean(axis=rest), array.std(axis=rest)], axis=1)


def _span(span: slice) -> NDArray[np.int64]:
    return np.array([span.start, span.stop])
