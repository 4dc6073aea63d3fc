"""What the hub's client says becomes one clear sentence; needed files are chosen by name."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from serving.errors import CheckpointMissingError
from serving.model import hub
from serving.model.hub import choose_files, describe_files, fetch, is_hub_id

ID = "earth-insights/SegEarth-R1-EarthReason"
CONNECTION_ERROR = HfHubHTTPError.__mro__[1]  # the root of the HTTP client's errors, whichever client it is


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "find_cached", lambda _: None)


def let_the_hub_fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(HfApi, "model_info", fail)


@pytest.mark.parametrize(("text", "expected"), [(ID, True), ("a/b", True), ("mini", False), ("./a/b", False)])
def test_a_hub_id_is_an_owner_and_a_name(text: str, expected: bool) -> None:
    assert is_hub_id(text) is expected


@pytest.mark.parametrize("text", ["../a", "a/b/c", "/a/b", "~/b", "a/", ""])
def test_a_path_is_no_hub_id(text: str) -> None:
    assert not is_hub_id(text)


def test_safetensors_are_chosen_with_what_belongs_to_them_and_nothing_else() -> None:
    names = [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "training_args.bin",
        "config.json",
        "vocab.json",
        "merges.txt",
        "README.md",
        "extra/model.safetensors",
    ]

    assert choose_files(names) == sorted([*names[:3], "config.json", "vocab.json", "merges.txt"])


def test_pickled_weights_are_chosen_where_there_are_no_others() -> None:
    assert choose_files(["pytorch_model.bin", "training_args.bin", "config.json"]) == [
        "config.json",
        "pytorch_model.bin",
    ]


@pytest.mark.parametrize("error", [CONNECTION_ERROR("no route"), OfflineModeIsEnabled("offline"), TimeoutError()])
def test_an_unreachable_hub_is_a_sentence_with_a_way_out(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    let_the_hub_fail(monkeypatch, error)

    with pytest.raises(CheckpointMissingError, match=f"{ID} is not on this machine.*--model FOLDER"):
        fetch(ID)


def test_what_was_downloaded_before_is_used_without_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    let_the_hub_fail(monkeypatch, CONNECTION_ERROR("no route"))
    monkeypatch.setattr(hub, "find_cached", lambda _: tmp_path)

    assert fetch(ID) == tmp_path


def test_the_size_of_a_download_is_that_of_its_needed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    siblings = [
        SimpleNamespace(rfilename="model.safetensors", size=3_000),
        SimpleNamespace(rfilename="config.json", size=20),
        SimpleNamespace(rfilename="paper.pdf", size=9_999),
    ]
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: SimpleNamespace(siblings=siblings))

    files = describe_files(ID)

    assert (files.names, files.size_bytes) == (("config.json", "model.safetensors"), 3_020)


def test_a_repository_without_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    siblings = [SimpleNamespace(rfilename="README.md", size=5)]
    monkeypatch.setattr(HfApi, "model_info", lambda *_, **__: SimpleNamespace(siblings=siblings))

    with pytest.raises(CheckpointMissingError, match=r"holds no \.safetensors file"):
        fetch(ID)
