import numpy as np
import pytest
import torch
from torch import nn

from serving.language.sequence import (
    IGNORED_LABEL,
    IMAGE_PLACEHOLDER,
    build_sequence,
    expand_placeholders,
    label_reply,
    pad_embeddings,
)
from tests.golden.mini import GOLDEN_FOLDER, load_mini_case

SEG = 50296
PROMPTS = ["reason", "refer_rrsisd_eval", "refer_train"]


def embedding_table() -> nn.Embedding:
    table = nn.Embedding(10, 2)
    with torch.no_grad():
        table.weight.copy_(torch.arange(20.0).view(10, 2))
    return table


@pytest.mark.parametrize("prompt", PROMPTS)
def test_labels_of_the_reply_are_those_of_the_reference(prompt: str) -> None:
    case = load_mini_case(f"prompt/{prompt}")

    labels = label_reply(case["input_ids"].tolist())

    assert list(labels) == case["labels"].tolist()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_visual_tokens_and_question_lie_where_the_reference_puts_them(prompt: str) -> None:
    ids = load_mini_case(f"prompt/{prompt}")["input_ids"].tolist()

    sequence = expand_placeholders(ids, [7, 8, SEG], [9, SEG], visual_token_count=64)

    assert sequence.image_span == slice(56, 120)
    assert sequence.question_span == slice(135, 138)
    assert sequence.question_ids == (7, 8, SEG)


def test_spans_and_length_are_those_of_the_whole_case() -> None:
    with np.load(GOLDEN_FOLDER / "case_S.npz") as case:
        sequence = expand_placeholders(
            case["input_ids"].tolist(),
            case["question_ids"].tolist(),
            case["answer_ids"].tolist(),
            visual_token_count=64,
        )

        assert [sequence.image_span.start, sequence.image_span.stop] == case["image_span"].tolist()
        assert [sequence.question_span.start, sequence.question_span.stop] == case["question_span"].tolist()
        assert [len(sequence)] == case["seq_len"].tolist()


def test_reply_is_learned_with_its_answer_and_nothing_else_is() -> None:
    placeholders = [1, -200, 2, -204, 3, 4, -201, -205, 5]
    labels = [IGNORED_LABEL] * 5 + placeholders[5:]

    sequence = expand_placeholders(placeholders, [6, SEG], [7, SEG], visual_token_count=2, labels=labels)

    assert sequence.ids == (1, -200, -200, 2, 6, SEG, 3, 4, 7, SEG, 5)
    assert sequence.labels == (*[IGNORED_LABEL] * 7, 4, 7, SEG, 5)


def test_cutting_after_the_question_keeps_the_spans() -> None:
    sequence = expand_placeholders([1, -200, -204, 3, 4], [6, SEG], visual_token_count=2, labels=[-100] * 3 + [3, 4])

    cut = sequence.cut_after_question()

    assert cut.ids == (1, -200, -200, 6, SEG)
    assert cut.labels == (IGNORED_LABEL,) * 5
    assert (cut.image_span, cut.question_span) == (sequence.image_span, sequence.question_span)


def test_built_sequence_equals_the_expanded_one() -> None:
    built = build_sequence([1, 2], [3], [4, 5], visual_token_count=3)

    assert built == expand_placeholders([1, 2, IMAGE_PLACEHOLDER, 3, -204], [4, 5], visual_token_count=3)


def test_embeddings_are_table_rows_with_the_visual_tokens_between() -> None:
    sequence = build_sequence([1], [2], [3], visual_token_count=2)
    visual = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])

    embedded = sequence.embed(embedding_table(), visual)

    assert embedded.tolist() == [[2, 3], [-1, -2], [-3, -4], [4, 5], [6, 7]]


def test_prefix_and_question_together_are_the_whole() -> None:
    sequence = build_sequence([1], [2, 9], [3, 4], visual_token_count=2)
    table, visual = embedding_table(), torch.randn(2, 2)

    parts = torch.cat([sequence.embed_prefix(table, visual), sequence.embed_question(table)])

    assert torch.equal(parts, sequence.embed(table, visual))


def test_a_wrong_number_of_visual_tokens_is_refused() -> None:
    sequence = build_sequence([1], [], [3], visual_token_count=2)

    with pytest.raises(ValueError, match="expected 2 visual tokens, got 3"):
        sequence.embed(embedding_table(), torch.zeros(3, 2))


@pytest.mark.parametrize(
    ("placeholders", "message"),
    [
        ([1, -204], "one image placeholder, got 0"),
        ([-200, -200, -204], "one image placeholder, got 2"),
        ([-200], "one question placeholder, got 0"),
        ([-200, -204, -999], "unknown placeholder -999"),
    ],
)
def test_a_malformed_conversation_is_refused(placeholders: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expand_placeholders(placeholders, [1], visual_token_count=2)


def test_a_conversation_without_instruction_end_has_no_labels() -> None:
    with pytest.raises(ValueError, match="not in the conversation"):
        label_reply([1, 2, 3])


def test_shorter_sequences_are_padded_on_the_right_and_masked() -> None:
    batch, mask = pad_embeddings([torch.ones(3, 2), torch.ones(1, 2)])

    assert batch[:, :, 0].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
