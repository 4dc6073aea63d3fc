"""The sequence [instruction, visual tokens, question, SEG] and where each span lies.

Ids at or above 0 are rows of the embedding table. What stands in front of the question depends on the image alone, so
its keys and values can be kept between questions; what stands behind the question cannot change the mask, because the
language model is causal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# Placeholders of the released conversation texts; negative, so that no token can be taken for one.
IMAGE_PLACEHOLDER = -200
SEG_PLACEHOLDER = -201  # in a reply; stands for nothing at all
QUESTION_PLACEHOLDER = -204
ANSWER_PLACEHOLDER = -205

IGNORED_LABEL = -100

# The ids of " [/INST]", with which the instruction of the released conversation ends.
RELEASED_INSTRUCTION_END = (46581, 38604, 60)


@dataclass(frozen=True)
class PromptSequence:
    """One prompt, position by position.

    Attributes:
        ids: token ids of every position; `IMAGE_PLACEHOLDER` at each visual token.
        image_span: positions of the visual tokens.
        question_span: positions of the question, its SEG token included; their hidden states make the query.
        labels: training targets of every position, `IGNORED_LABEL` where nothing is learned; empty when not training.
    """

    ids: tuple[int, ...]
    image_span: slice
    question_span: slice
    labels: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def prefix_ids(self) -> tuple[int, ...]:
        """Everything in front of the question: instruction and visual tokens."""
        return self.ids[: self.question_span.start]

    @property
    def question_ids(self) -> tuple[int, ...]:
        """The question with its SEG token."""
        return self.ids[self.question_span]

    def cut_after_question(self) -> "PromptSequence":
        """Return the sequence without the reply, which cannot change the mask."""
        stop = self.question_span.stop
        return PromptSequence(self.ids[:stop], self.image_span, self.question_span, self.labels[:stop])

    def embed(self, table: nn.Embedding, visual_tokens: Tensor) -> Tensor:
        """Return the embeddings of the whole sequence, (L, D), in the dtype of `table`.

        Args:
            table: the language model's embedding table, (vocabulary, D).
            visual_tokens: of one image, (T, D), as many as `image_span` holds.
        """
        return _embed(self.ids, self.image_span, table, visual_tokens)

    def embed_prefix(self, table: nn.Embedding, visual_tokens: Tensor) -> Tensor:
        """Return the embeddings in front of the question, (question_span.start, D)."""
        return _embed(self.prefix_ids, self.image_span, table, visual_tokens)

    def embed_question(self, table: nn.Embedding) -> Tensor:
        """Return the embeddings of the question and its SEG token, (n, D)."""
        return _look_up(self.question_ids, table)


def build_sequence(
    before_image_ids: Sequence[int],
    after_image_ids: Sequence[int],
    question_ids: Sequence[int],
    *,
    visual_token_count: int,
) -> PromptSequence:
    """Return [before, visual tokens, after, question]; `question_ids` end with the SEG token."""
    image_start = len(before_image_ids)
    image_span = slice(image_start, image_start + visual_token_count)
    question_start = image_span.stop + len(after_image_ids)
    ids = (*before_image_ids, *[IMAGE_PLACEHOLDER] * visual_token_count, *after_image_ids, *question_ids)
    return PromptSequence(ids, image_span, slice(question_start, len(ids)))


def expand_placeholders(
    placeholder_ids: Sequence[int],
    question_ids: Sequence[int],
    answer_ids: Sequence[int] = (),
    *,
    visual_token_count: int,
    labels: Sequence[int] | None = None,
) -> PromptSequence:
    """Return the released conversation with its placeholders filled in.

    Args:
        placeholder_ids: the conversation's ids, with exactly one image and one question placeholder.
        question_ids: what the question placeholder stands for, SEG token included.
        answer_ids: what the answer placeholder stands for, SEG token included.
        visual_token_count: visual tokens per image.
        labels: training targets at placeholder level (see `label_reply`), of the length of `placeholder_ids`.

    Raises:
        ValueError: an image or question placeholder is missing or repeated, or an id is unknown.
    """
    for placeholder, name in ((IMAGE_PLACEHOLDER, "image"), (QUESTION_PLACEHOLDER, "question")):
        if (count := list(placeholder_ids).count(placeholder)) != 1:
            raise ValueError(f"expected exactly one {name} placeholder, got {count}")
    if labels is not None and len(labels) != len(placeholder_ids):
        raise ValueError(f"expected {len(placeholder_ids)} labels, got {len(labels)}")
    ids: list[int] = []
    targets: list[int] = []
    starts: dict[int, int] = {}
    for position, token in enumerate(placeholder_ids):
        starts[token] = len(ids)
        piece, is_target = _expand(token, question_ids, answer_ids, visual_token_count)
        ids.extend(piece)
        if labels is not None:
            # An answer is learned whole; its placeholder stands as its own label.
            is_learned = is_target and labels[position] != IGNORED_LABEL
            targets.extend(piece if is_learned else [IGNORED_LABEL] * len(piece))
    image_start, question_start = starts[IMAGE_PLACEHOLDER], starts[QUESTION_PLACEHOLDER]
    return PromptSequence(
        ids=tuple(ids),
        image_span=slice(image_start, image_start + visual_token_count),
        question_span=slice(question_start, question_start + len(question_ids)),
        labels=tuple(targets),
    )


def label_reply(
    placeholder_ids: Sequence[int], *, instruction_end: Sequence[int] = RELEASED_INSTRUCTION_END
) -> tuple[int, ...]:
    """Return the labels at placeholder level: the reply keeps its ids, everything up to it is ignored.

    Args:
        placeholder_ids: the conversation's ids.
        instruction_end: the ids with which the instruction ends.

    Raises:
        ValueError: the instruction's end is not in the conversation.
    """
    ids, end = tuple(placeholder_ids), tuple(instruction_end)
    for start in range(len(ids) - len(end) + 1):
        if ids[start : start + len(end)] == end:
            reply_start = start + len(end)
            return (IGNORED_LABEL,) * reply_start + ids[reply_start:]
    raise ValueError(f"the instruction's end {end} is not in the conversation")


def pad_embeddings(embeddings: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return sequences of different length as one batch, padded with zeros on the right.

    Args:
        embeddings: each (L, D).

    Returns:
        the batch (B, longest L, D), and its attention mask, int64 (B, longest L), 1 where a sequence is.
    """
    batch = nn.utils.rnn.pad_sequence(list(embeddings), batch_first=True)
    lengths = torch.tensor([len(one) for one in embeddings], device=batch.device)
    positions = torch.arange(batch.shape[1], device=batch.device)
    return batch, (positions[None, :] < lengths[:, None]).long()


def _expand(
    token: int, question_ids: Sequence[int], answer_ids: Sequence[int], visual_token_count: int
) -> tuple[Sequence[int], bool]:
    """Return the ids that `token` stands for, and whether they can be learned as a reply."""
    if token >= 0:
        return (token,), True
    if token == IMAGE_PLACEHOLDER:
        return (IMAGE_PLACEHOLDER,) * visual_token_count, False
    if token == QUESTION_PLACEHOLDER:
        return question_ids, False
    if token == ANSWER_PLACEHOLDER:
        return answer_ids, True
    if token == SEG_PLACEHOLDER:
        return (), False
    raise ValueError(f"unknown placeholder {token}")


def _embed(ids: Sequence[int], image_span: slice, table: nn.Embedding, visual_tokens: Tensor) -> Tensor:
    expected = image_span.stop - image_span.start
    if len(visual_tokens) != expected:
        raise ValueError(f"expected {expected} visual tokens, got {len(visual_tokens)}")
    before = _look_up(ids[: image_span.start], table)
    after = _look_up(ids[image_span.stop :], table)
    return torch.cat([before, visual_tokens.to(before.dtype), after])  # (L, D)


def _look_up(ids: Sequence[int], table: nn.Embedding) -> Tensor:
    rows: Tensor = table(torch.tensor(list(ids), dtype=torch.long, device=table.weight.device))
    return rows
