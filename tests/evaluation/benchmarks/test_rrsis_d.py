import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco

from evaluation.benchmarks.rrsis_d import read_rrsis_d
from evaluation.benchmarks.samples import Split
from evaluation.errors import BenchmarkMissingError, BenchmarkUnreadableError
from tests.evaluation.benchmarks.tiny_benchmarks import (
    HEIGHT,
    RRSIS_D_TARGETS,
    WIDTH,
    build_ref,
    draw_box,
    write_rrsis_d,
)

INSTANCES = "rs_ref_seg/RRSIS-D/rrsisd/instances.json"
REFS = "rs_ref_seg/RRSIS-D/rrsisd/refs(unc).p"


def change_instances(root: Path, change: Callable[[Any], object]) -> None:
    content = json.loads((root / INSTANCES).read_text())
    change(content)
    (root / INSTANCES).write_text(json.dumps(content))


def test_a_ref_is_a_sample_with_its_sentences_as_questions(tmp_path: Path) -> None:
    benchmark = read_rrsis_d(write_rrsis_d(tmp_path), Split.TEST)
    assert [sample.id for sample in benchmark.samples] == ["1", "2"]
    assert benchmark.samples[0].questions == ("The red ship", "A ship that is red")
    assert benchmark.samples[1].image_path.name == "00002.jpg"


def test_parts_of_a_mask_are_united(tmp_path: Path) -> None:
    for sample in read_rrsis_d(write_rrsis_d(tmp_path), Split.TEST).samples:
        np.testing.assert_array_equal(sample.load_target(), RRSIS_D_TARGETS[int(sample.id)])


def test_a_polygon_is_drawn_as_coco_draws_it(tmp_path: Path) -> None:
    sample = read_rrsis_d(write_rrsis_d(tmp_path), Split.TRAIN).samples[0]
    drawn = coco.decode(coco.frPyObjects([[10, 10, 20, 10, 20, 20, 10, 20]], HEIGHT, WIDTH))[:, :, 0]
    np.testing.assert_array_equal(sample.load_target(), drawn.astype(np.bool_))
    np.testing.assert_array_equal(sample.load_target(), draw_box((10, 10, 20, 20)))


def test_plain_and_bare_run_lengths_are_read_too(tmp_path: Path) -> None:
    root = write_rrsis_d(tmp_path)
    size, rest = [HEIGHT, WIDTH], HEIGHT * WIDTH - 7

    def change(content: Any) -> None:
        content["annotations"][0]["segmentation"] = {"size": size, "counts": [0, 7, rest]}

    change_instances(root, change)
    target = read_rrsis_d(root, Split.TEST).samples[0].load_target()
    np.testing.assert_array_equal(np.argwhere(target), [[row, 0] for row in range(7)])


def test_the_image_is_the_refs_image_and_not_its_number(tmp_path: Path) -> None:
    ref = {**build_ref(1, "test", "The red ship"), "image_id": 3}
    sample = read_rrsis_d(write_rrsis_d(tmp_path, [ref]), Split.TEST).samples[0]
    assert sample.image_path.name == "00003.jpg"


def test_a_pickle_that_names_code_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (trap,)

    root = write_rrsis_d(tmp_path, [Bomb()])
    with pytest.raises(BenchmarkUnreadableError, match="could run code"):
        read_rrsis_d(root, Split.TEST)
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps({"refs": []}), pickle.dumps([1])])
def test_refs_in_another_form_are_named(tmp_path: Path, content: bytes) -> None:
    root = write_rrsis_d(tmp_path)
    (root / REFS).write_bytes(content)
    with pytest.raises(BenchmarkUnreadableError, match="refs"):
        read_rrsis_d(root, Split.TEST)


@pytest.mark.parametrize("lacking", ["ref_id", "ann_id", "image_id", "sentences"])
def test_a_ref_that_lacks_something_is_refused(tmp_path: Path, lacking: str) -> None:
    ref = build_ref(1, "test", "The red ship")
    del ref[lacking]
    with pytest.raises(BenchmarkUnreadableError, match="lacks"):
        read_rrsis_d(write_rrsis_d(tmp_path, [ref]), Split.TEST)


def test_a_ref_to_an_annotation_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ref = {**build_ref(1, "test", "The red ship"), "ann_id": 99}
    with pytest.raises(BenchmarkUnreadableError, match="ref 1"):
        read_rrsis_d(write_rrsis_d(tmp_path, [ref]), Split.TEST)


@pytest.mark.parametrize(
    "segmentation",
    [
        "text",
        [],
        [{"size": [HEIGHT, WIDTH], "counts": [5]}],
        [{"size": [HEIGHT, WIDTH], "counts": "~~~"}],
        [[1, 2, 3]],
        [[0, 0, 1e12, 0, 5, 5]],
        [{"size": [2, 2], "counts": [4]}, {"size": [4, 1], "counts": [4]}],
    ],
)
def test_a_mask_in_no_form_is_refused_with_its_ref(tmp_path: Path, segmentation: object) -> None:
    root = write_rrsis_d(tmp_path)

    def change(content: Any) -> None:
        content["annotations"][0]["segmentation"] = segmentation

    change_instances(root, change)
    sample = read_rrsis_d(root, Split.TEST).samples[0]
    with pytest.raises(BenchmarkUnreadableError, match="ref 1"):
        sample.load_target()


@pytest.mark.parametrize("name", [INSTANCES, REFS])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    root = write_rrsis_d(tmp_path)
    (root / name).unlink()
    with pytest.raises(BenchmarkMissingError) as caught:
        read_rrsis_d(root, Split.TEST)
    assert Path(name).name in str(caught.value)
