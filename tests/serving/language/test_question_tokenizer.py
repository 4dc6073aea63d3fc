"""Phi's tokenizer yields the reference's ids, and the instruction is what the released model was trained on."""

import json
from pathlib import Path

import numpy as np
import pytest
from transformers import CodeGenTokenizer

from evaluation.parity.codegen_tokenizer import list_added_tokens, write_codegen_tokenizer
from serving.errors import CheckpointMismatchError
from serving.language.question_tokenizer import QuestionTokenizer
from serving.language.sequence import IMAGE_PLACEHOLDER, QUESTION_PLACEHOLDER
from serving.model.config import RELEASED, InstructionConfig
from serving.model.released_config import RELEASED_REFERRING
from tests.fakes.tiny_released import TINY_RELEASED, write_byte_tokenizer
from tests.golden.mini import GOLDEN_FOLDER

SEG = 50296


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_codegen_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> QuestionTokenizer:
    return QuestionTokenizer(folder, RELEASED.instruction, family="phi")


@pytest.fixture(scope="module")
def golden() -> dict[str, list[int]]:
    with np.load(GOLDEN_FOLDER / "mini.npz") as stored:
        names = [key for key in stored.files if key.startswith(("question/", "answer/", "prompt/"))]
        return {name: stored[name].tolist() for name in names}


@pytest.fixture(scope="module")
def questions() -> list[str]:
    with np.load(GOLDEN_FOLDER / "mini.npz") as stored:
        texts: list[str] = json.loads(stored["config_json"].tobytes())["question"]
        return texts


def test_every_golden_question_gets_the_reference_s_ids(
    tokenizer: QuestionTokenizer, golden: dict[str, list[int]], questions: list[str]
) -> None:
    assert len(questions) == 6
    for number, text in enumerate(questions):
        assert tokenizer.tokenize_question(text) == golden[f"question/{number}/ids"], text


def test_every_golden_answer_gets_the_reference_s_ids(
    folder: Path, golden: dict[str, list[int]], questions: list[str]
) -> None:
    plain = CodeGenTokenizer.from_pretrained(folder)
    for number, text in enumerate(questions):
        assert [*plain(text, add_special_tokens=False).input_ids, SEG] == golden[f"answer/{number}/ids"], text


@pytest.mark.parametrize(
    ("prompt", "instruction"),
    [
        ("reason", RELEASED.instruction),
        ("refer_rrsisd_eval", RELEASED_REFERRING.instruction),
        ("refer_train", RELEASED_REFERRING.instruction),
    ],
)
def test_the_instruction_around_image_and_question_is_the_golden_prompt_s(
    folder: Path, golden: dict[str, list[int]], prompt: str, instruction: InstructionConfig
) -> None:
    ids = golden[f"prompt/{prompt}/input_ids"]
    image, question = ids.index(IMAGE_PLACEHOLDER), ids.index(QUESTION_PLACEHOLDER)
    tokenizer = QuestionTokenizer(folder, instruction, family="phi")

    assert tokenizer.before_image_ids == ids[:image]
    assert tokenizer.after_image_ids == ids[image + 1 : question]


@pytest.mark.parametrize("case", ["A", "B", "S"])
def test_the_questions_of_the_whole_cases_get_their_ids(tokenizer: QuestionTokenizer, case: str) -> None:
    texts = {
        "A": "Which areas on the riverside could be used to shelter residents if the lower part of the town were "
        "flooded during a storm?",
        "B": "The large grey building on the lower left of the baseball field",
        "S": "Where could a small aircraft land safely in an emergency?",
    }
    path = GOLDEN_FOLDER / f"case_{case}.npz"
    if not path.is_file():
        path = GOLDEN_FOLDER.parents[2] / "shared" / "golden" / path.name
    if not path.is_file():
        pytest.skip(f"the case {path.name} is not here")
    with np.load(path) as stored:
        assert tokenizer.tokenize_question(texts[case]) == stored["question_ids"].ravel().tolist()


def test_runs_of_spaces_and_tabs_have_tokens_of_their_own(tokenizer: QuestionTokenizer) -> None:
    assert set(list_added_tokens().values()) == set(range(50_257, 50_297))
    for length in range(2, 32):
        assert tokenizer.tokenize_question("x" + " " * length)[-2] == 50_257 + 31 - length
    for length in range(2, 10):
        assert tokenizer.tokenize_question("x" + "\t" * length)[-2] == 50_287 + 9 - length


def test_special_tokens_written_by_a_person_stay_text(tokenizer: QuestionTokenizer) -> None:
    ids = tokenizer.tokenize_question("ships <|endoftext|> [PAD] planes")
    assert 50_256 not in ids
    assert 50_295 not in ids
    assert ids.count(SEG) == 1


def test_a_tokenizer_without_the_added_tokens_gets_them_in_the_reference_s_order(tmp_path: Path, folder: Path) -> None:
    for name in ("vocab.json", "merges.txt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    added = {token: number for token, number in list_added_tokens().items() if number < 50_295}
    (tmp_path / "added_tokens.json").write_text(json.dumps(added))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CodeGenTokenizer"}))

    assert QuestionTokenizer(tmp_path, RELEASED.instruction, family="phi").tokenize_question("x")[-1] == SEG


def test_the_reference_s_model_type_does_not_stand_in_the_way(tmp_path: Path, folder: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava_phi"}))

    assert QuestionTokenizer(tmp_path, RELEASED.instruction, family="phi").tokenize_question("")[-2:] == [220, SEG]


def test_a_tokenizer_of_a_larger_model_is_refused(tokenizer: QuestionTokenizer, tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatchError, match="50,297 tokens and the model 258"):
        tokenizer.check_vocabulary(TINY_RELEASED.language)
    write_byte_tokenizer(tmp_path)
    QuestionTokenizer(tmp_path, TINY_RELEASED.instruction, family="phi").check_vocabulary(TINY_RELEASED.language)
