"""Both halves of the model in one pass: image, question and reply in, losses out."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from serving.language.sequence import IGNORED_LABEL, PromptSequence, pad_embeddings
from serving.model.config import SegEarthConfig
from serving.model.description_projector import describe
from serving.model.features import HierarchicalFeatures, ImageFeatures, MaskPrediction, PixelFeatures
from serving.model.normalisation import normalise_images
from serving.model.segearth import SegEarth
from training.joint.batches import JointBatch
from training.joint.conversation import Conversation
from training.joint.experiment import LossConfig
from training.joint.language import JointLanguage
from training.joint.objective import JointLosses, select_predictors, supervise_masks, supervise_presence


class JointNetwork(nn.Module):
    """SegEarth and its language backbone, trained together.

    The image encoder runs once per image; the reference runs it twice, with two draws of stochastic depth although it
    is frozen. Here a frozen encoder is in evaluation mode, so that its features are those of inference.

    Args:
        segearth: everything but the backbone.
        language: the backbone.
        conversation: the words around question and answer.
        losses: what is minimised.
        keeps_few_activations: whether activations are computed again in the backward pass.
    """

    def __init__(
        self,
        segearth: SegEarth,
        language: JointLanguage,
        conversation: Conversation,
        losses: LossConfig,
        *,
        keeps_few_activations: bool = False,
    ) -> None:
        super().__init__()
        self.segearth, self.language = segearth, language
        self.conversation = conversation
        self._losses = losses
        self._keeps_few_activations = keeps_few_activations
        if keeps_few_activations:
            language.keep_few_activations()

    @property
    def config(self) -> SegEarthConfig:
        """The model's config."""
        return self.segearth.config

    def train(self, mode: bool = True) -> "JointNetwork":
        """Set the mode; frozen parts stay in evaluation mode."""
        super().train(mode)
        for part in (self.segearth.encoder, self.language):
            if not any(parameter.requires_grad for parameter in part.parameters()):
                part.eval()
        return self

    def forward(self, batch: JointBatch) -> JointLosses:
        """Return the losses of a batch."""
        sequences = [
            self.conversation.build(question, answer)
            for questions, answers in zip(batch.questions, batch.answers, strict=True)
            for question, answer in zip(questions, answers, strict=True)
        ]
        features = self._encode(batch.images)
        hidden, labels, description = self._read(sequences, features.visual_tokens, len(batch.questions[0]))
        prediction = self.segearth.decode(features, description)
        bce, dice = supervise_masks(prediction, batch.targets, self._losses)
        return JointLosses(
            language=self._supervise_words(hidden, labels),
            bce=bce,
            dice=dice,
            presence=supervise_presence(prediction, batch.is_present, self._losses),
        )

    @torch.no_grad()
    def predict(self, images: Tensor, questions: Sequence[Sequence[str]]) -> MaskPrediction:
        """Answer Q questions about each of B images, uint8 (B, S, S, 3)."""
        sequences = [
            self.conversation.build(question, None).cut_after_question() for texts in questions for question in texts
        ]
        features = self._encode(images)
        _, _, description = self._read(sequences, features.visual_tokens, len(questions[0]))
        return self.segearth.decode(features, description)

    def _encode(self, images: Tensor) -> ImageFeatures:
        pixels = normalise_images(images, self.config.pixel_mean, self.config.pixel_std)
        is_frozen = not any(parameter.requires_grad for parameter in self.segearth.encoder.parameters())
        with torch.set_grad_enabled(torch.is_grad_enabled() and not is_frozen):
            levels = cast(HierarchicalFeatures, self.segearth.encoder(pixels))
        # In float32: oneDNN's bfloat16 gradient of a convolution on a 1x1 grid held uninitialised memory (torch 2.13).
        with torch.autocast(images.device.type, enabled=False):
            tokens: Tensor = self.segearth.compressor(levels.res5.float())
        return ImageFeatures(visual_tokens=tokens, res5=levels.res5, pixel=self._decode_pixels(levels))

    def _decode_pixels(self, levels: HierarchicalFeatures) -> PixelFeatures:
        if self._keeps_few_activations and self.training:
            return cast(PixelFeatures, checkpoint(self.segearth.pixel_decoder, levels, use_reentrant=False))
        return cast(PixelFeatures, self.segearth.pixel_decoder(levels))

    def _read(
        self, sequences: Sequence[PromptSequence], visual_tokens: Tensor, per_image: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run the language model; return hidden states (N, L, D), labels (N, L) and descriptions (B, Q, D)."""
        learned = self.segearth.projector.learned_tokens
        embeddings, labels, spans = [], [], []
        for number, sequence in enumerate(sequences):
            rows = sequence.embed(self.language.table, visual_tokens[number // per_image])
            targets, span, stop = list(sequence.labels), sequence.question_span, sequence.question_span.stop
            if learned is not None:
                rows = torch.cat((rows[:stop], learned.to(rows.dtype), rows[stop:]))
                targets[stop:stop] = [IGNORED_LABEL] * len(learned)
                span = slice(stop, stop + len(learned))
            embeddings.append(rows)
            labels.append(torch.tensor(targets, device=rows.device))
            positions = torch.arange(len(rows), device=rows.device)
            spans.append((positions >= span.start) & (positions < span.stop))
        padded, attention_mask = pad_embeddings(embeddings)
        hidden = self.language(padded, attention_mask)
        in_span = nn.utils.rnn.pad_sequence(spans, batch_first=True)
        description = describe(hidden.float(), in_span, self.config.projector)
        return (
            hidden,
            nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=IGNORED_LABEL),
            description.unflatten(0, (-1, per_image)),
        )

    def _supervise_words(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Return the weighted next-token cross-entropy, the mean over all labels of the batch; 0 without any."""
        if self._losses.language_weight == 0:
            return hidden.new_zeros((), dtype=torch.float32)
        is_predictor, wanted = select_predictors(labels)
        logits = self.language.head(hidden[is_predictor]).float()  # (labels, vocabulary)
        if len(wanted) == 0:
            return cast(Tensor, logits.sum())  # 0, but every process has a gradient for the head
        return self._losses.language_weight * functional.cross_entropy(logits, wanted)
