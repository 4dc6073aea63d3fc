import numpy as np
from hypothesis import given

from assistant.masks.instances import merge_instances, split_instances
from serving.mask import Mask
from tests.assistant.masks.strategies import masks


@given(masks())
def test_merging_all_instances_rebuilds_the_mask(mask: Mask) -> None:
    np.testing.assert_array_equal(merge_instances(split_instances(mask), mask.grid).pixels, mask.pixels)


@given(masks())
def test_merging_one_instance_gives_its_pixels_alone(mask: Mask) -> None:
    for instance in split_instances(mask):
        assert merge_instances((instance,), mask.grid).pixel_count == instance.size_px
