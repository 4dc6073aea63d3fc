from pathlib import Path

import numpy as np
import pytest

from evaluation.benchmarks.refsegrs import read_refsegrs
from evaluation.benchmarks.samples import Split
from evaluation.errors import BenchmarkMissingError, BenchmarkUnreadableError
from tests.evaluation.benchmarks.tiny_benchmarks import draw_box, write_refsegrs


def test_a_line_is_a_sample_and_lines_of_one_image_follow_each_other(tmp_path: Path) -> None:
    samples = read_refsegrs(write_refsegrs(tmp_path), Split.TEST).samples
    assert [sample.id for sample in samples] == ["4", "4-2", "15"]
    assert [sample.group for sample in samples] == ["4", "4", "15"]
    assert samples[2].questions == ("red   vehicle in the parking area",)
    assert samples[0].image_path.name == "4.tif"


def test_255_is_the_target(tmp_path: Path) -> None:
    samples = read_refsegrs(write_refsegrs(tmp_path), Split.TEST).samples
    np.testing.assert_array_equal(samples[0].load_target(), draw_box((0, 0, 30, 20)))
    np.testing.assert_array_equal(samples[2].load_target(), draw_box((20, 10, 40, 30)))


def test_a_line_without_a_number_is_named(tmp_path: Path) -> None:
    root = write_refsegrs(tmp_path)
    listing = root / "rs_ref_seg/RefSegRS/output_phrase_test.txt"
    listing.write_text(listing.read_text() + "\nroad\n")
    with pytest.raises(BenchmarkUnreadableError, match="line 5"):
        read_refsegrs(root, Split.TEST)


def test_a_split_without_a_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkMissingError, match="output_phrase_val"):
        read_refsegrs(write_refsegrs(tmp_path), Split.VAL)
