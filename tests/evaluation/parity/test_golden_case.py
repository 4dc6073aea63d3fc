from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluation.errors import GoldenCaseError
from evaluation.parity.golden_case import GoldenCase, load_golden_case, parse_formula
from evaluation.parity.golden_fill import formula_image
from tests.golden.mini import GOLDEN_FOLDER


def test_size_of_the_language_model_follows_from_the_recorded_shapes() -> None:
    config = load_golden_case(GOLDEN_FOLDER / "case_S.npz").build_config()

    language = config.language
    assert (language.hidden_size, language.layers, language.heads) == (512, 3, 8)
    assert (language.intermediate_size, language.head_dim, language.rotary_dim) == (2048, 64, 32)
    assert (config.compressor.token_dim, config.projector.text_dim) == (512, 512)


def test_picture_beside_the_case_is_used_before_any_formula(tmp_path: Path) -> None:
    pixels = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "image_Q.png")

    rgb = GoldenCase(tmp_path / "case_Q.npz", {}).load_image((8, 8, 0))

    np.testing.assert_array_equal(rgb, pixels)


@pytest.mark.parametrize(("name", "formula"), [("case_A", (1024, 1024, 0)), ("case_S", (500, 333, 1))])
def test_known_cases_need_no_formula(tmp_path: Path, name: str, formula: tuple[int, int, int]) -> None:
    rgb = GoldenCase(tmp_path / f"{name}.npz", {}).load_image()

    np.testing.assert_array_equal(rgb, formula_image(*formula))


def test_another_case_without_picture_asks_for_its_formula(tmp_path: Path) -> None:
    with pytest.raises(GoldenCaseError, match=r"image_Q\.png.*--formula HEIGHT,WIDTH,K"):
        GoldenCase(tmp_path / "case_Q.npz", {}).load_image()


def test_a_damaged_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image_Q.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    with pytest.raises(GoldenCaseError, match="cannot be read"):
        GoldenCase(tmp_path / "case_Q.npz", {}).load_image()


def test_a_truncated_case_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case_S.npz"
    path.write_bytes((GOLDEN_FOLDER / "case_S.npz").read_bytes()[:100_000])

    with pytest.raises(GoldenCaseError, match="cannot be read as a golden case"):
        load_golden_case(path)


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "case_S.npy", np.zeros(3))

    with pytest.raises(GoldenCaseError, match="single array"):
        load_golden_case(tmp_path / "case_S.npy")


def test_a_case_that_lacks_a_point_is_refused_with_its_name(tmp_path: Path) -> None:
    with np.load(GOLDEN_FOLDER / "case_S.npz") as stored:
        np.savez(tmp_path / "case_S.npz", **{key: stored[key] for key in stored.files if key != "query"})

    with pytest.raises(GoldenCaseError, match="it lacks query"):
        load_golden_case(tmp_path / "case_S.npz")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("input_ids", [1, 2, 3], "holds no prompt"),
        ("question_ids", [60000], "beyond the vocabulary of 50297"),
    ],
)
def test_ids_that_make_no_prompt_are_refused(key: str, value: list[int], message: str) -> None:
    case = load_golden_case(GOLDEN_FOLDER / "case_S.npz")
    damaged = GoldenCase(case.path, case.arrays | {key: np.array(value)})

    with pytest.raises(GoldenCaseError, match=message):
        damaged.build_sequence(damaged.build_config())


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "a,b,c", "0,5,1", "5,5,12", "5,5,-1", "99999,5,1"])
def test_a_malformed_formula_is_refused(text: str) -> None:
    with pytest.raises(GoldenCaseError, match="--formula takes"):
        parse_formula(text)


def test_a_formula_is_height_width_and_variant() -> None:
    assert parse_formula("500, 333,1") == (500, 333, 1)
