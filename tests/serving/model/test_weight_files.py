"""Weights are found, listed without reading them, and read in blocks; what is damaged or dangerous is refused."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from serving.errors import CheckpointMismatchError, CheckpointMissingError
from serving.model import weight_files
from serving.model.weight_files import find_weight_files, open_weights


class Trap:
    """Runs a function while it is unpickled, as a malicious file would."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("ran",))


def read_whole(path: Path, name: str) -> Tensor:
    blocks = list(open_weights(path).read(name))
    return torch.cat([block for _, block in blocks])


def write_index(folder: Path, **weight_map: str) -> None:
    index = {"weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_shards_come_in_the_order_of_the_index(tmp_path: Path) -> None:
    for name in ("b.safetensors", "a.safetensors"):
        save_file({name[0]: torch.zeros(1)}, tmp_path / name)
    write_index(tmp_path, x="b.safetensors", y="a.safetensors", z="b.safetensors")

    assert [path.name for path in find_weight_files(tmp_path)] == ["b.safetensors", "a.safetensors"]


def test_safetensors_win_over_a_pickle_beside_them(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    torch.save({"x": torch.zeros(1)}, tmp_path / "pytorch_model.bin")

    assert find_weight_files(tmp_path) == [tmp_path / "model.safetensors"]


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    write_index(tmp_path, x="model-00002-of-00002.safetensors")

    with pytest.raises(CheckpointMissingError, match=r"the shard model-00002-of-00002\.safetensors"):
        find_weight_files(tmp_path)


def test_an_index_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    save_file({"x": torch.zeros(1)}, tmp_path / "secret.safetensors")
    write_index(tmp_path / "inside", x="../secret.safetensors")

    with pytest.raises(CheckpointMismatchError, match="no file name"):
        find_weight_files(tmp_path / "inside")


def test_a_folder_without_weights_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissingError, match=r"no \.safetensors file"):
        find_weight_files(tmp_path)


def test_a_picture_is_no_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "image.png").touch()
    with pytest.raises(CheckpointMismatchError, match=r"image\.png is no file of weights"):
        find_weight_files(tmp_path / "image.png")


def test_blocks_put_together_are_the_tensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_files, "BLOCK_BYTES", 3 * 4 * 4)  # three rows of four
    tensors = {
        "matrix": torch.arange(40.0).view(10, 4),
        "vector": torch.arange(31.0),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 4),
    }
    path = tmp_path / "model.safetensors"
    save_file(tensors, path)

    assert len(list(open_weights(path).read("matrix"))) == 4
    for name, expected in tensors.items():
        assert torch.equal(read_whole(path, name), expected.reshape(expected.shape or (1,))), name
    assert open_weights(path).shapes["matrix"] == (10, 4)


def test_cut_short_weights_are_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"x": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(CheckpointMismatchError, match="damaged or cut short"):
        open_weights(path)


def test_a_pickle_of_plain_weights_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    torch.save({"x": torch.arange(6.0).view(2, 3)}, path)

    assert torch.equal(read_whole(path, "x"), torch.arange(6.0).view(2, 3))


def test_a_pickle_that_would_run_something_is_refused_and_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pytorch_model.bin"
    torch.save({"x": Trap()}, path)

    with pytest.raises(CheckpointMismatchError, match=r"can run any program. It is refused"):
        open_weights(path)
    assert capsys.readouterr().out == ""


def test_a_bare_pickle_is_refused_and_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Trap()))

    with pytest.raises(CheckpointMismatchError, match=r"weights\.pth"):
        open_weights(path)
    assert capsys.readouterr().out == ""
