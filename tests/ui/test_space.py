"""A Space is recognised by what the hub puts into its environment."""

from pathlib import Path

import pytest

from ui.space import HUB, Space, find_space, space_defaults

HUB_S_OWN = {"SYSTEM": "spaces", "SPACE_ID": "someone/segearth", "SPACE_HOST": "someone-segearth.hf.space"}


def test_the_hub_s_environment_is_a_space() -> None:
    assert find_space(HUB_S_OWN) == Space("someone/segearth", lends_gpu=False)


@pytest.mark.parametrize("missing", ["SYSTEM", "SPACE_ID"])
def test_half_of_it_is_none(missing: str) -> None:
    assert find_space({name: value for name, value in HUB_S_OWN.items() if name != missing}) is None


@pytest.mark.parametrize(("value", "lends"), [("true", True), ("1", True), ("false", False), ("", False)])
def test_a_zero_gpu_space_lends_its_gpu(value: str, lends: bool) -> None:
    space = find_space(HUB_S_OWN | {"SPACES_ZERO_GPU": value})
    assert space is not None
    assert space.lends_gpu is lends


def test_a_lasting_disk_keeps_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    defaults = space_defaults(lasting=tmp_path / "data", passing=tmp_path / "tmp")
    assert defaults["data_dir"] == tmp_path / "data" / "segearth-chat"


def test_without_one_everything_is_under_the_temporary_folder(tmp_path: Path) -> None:
    defaults = space_defaults(lasting=tmp_path / "data", passing=tmp_path / "tmp")
    assert all(Path(str(defaults[name])).is_relative_to(tmp_path / "tmp") for name in ("data_dir", "cache_dir"))


def test_the_hub_alone_may_frame_the_page() -> None:
    assert space_defaults(lasting=Path("/nowhere"), passing=Path("/tmp"))["frame_ancestors"] == HUB
