"""The doctor's verdict, and what each probe sees."""

import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from serving.errors import CheckpointMissingError
from serving.model_choice import ModelChoice, ModelCost, ModelDescription
from ui.cli.doctor import add_doctor_command
from ui.cli.probes import (
    Check,
    Examination,
    Installation,
    check_disk,
    check_gdal,
    check_memory,
    check_model,
    check_packages,
    check_port,
    check_python,
    check_room,
    check_torch,
    check_writable,
    examine,
    find_existing,
)

WELL = Check("disk space", True, "12.0 GB free")
ILL = Check("mask model", False, "cannot be used", "Get the weights.")


COST = ModelCost("bf16", "nf4", 1_200_000_000, 2_100_000_000)


def build_app(*checks: Check, seen: list[ModelChoice] | None = None) -> typer.Typer:
    def examine_as_told(choice: ModelChoice) -> Examination:
        if seen is not None:
            seen.append(choice)
        return Examination(list(checks), (COST,))

    app = typer.Typer()
    app.callback()(lambda: None)
    add_doctor_command(app, default_model=ModelChoice("mini"), examine=examine_as_told)
    return app


def test_all_well_exits_0() -> None:
    result = CliRunner().invoke(build_app(WELL), ["doctor"])
    assert result.exit_code == 0
    assert "Ready" in result.stdout


def test_one_ill_exits_1_and_says_how_to_mend_it() -> None:
    result = CliRunner().invoke(build_app(WELL, ILL), ["doctor"])
    assert result.exit_code == 1
    assert "Get the weights." in result.stdout
    assert "Ready" not in result.stdout


def test_json_is_one_object_with_every_check() -> None:
    result = CliRunner().invoke(build_app(WELL, ILL), ["doctor", "--json"])
    report = json.loads(result.stdout)
    assert report["can_serve"] is False
    assert report["checks"][1] == {
        "name": "mask model",
        "passed": False,
        "finding": "cannot be used",
        "remedy": "Get the weights.",
    }


@pytest.mark.parametrize(
    ("version", "passed"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 12, 4), True), ((3, 13, 0), False)]
)
def test_only_the_supported_pythons_pass(version: tuple[int, int, int], passed: bool) -> None:
    assert check_python(version).passed is passed


def test_a_missing_package_is_named_and_extras_are_not_asked_for() -> None:
    check = check_packages(["pytest>=1", "no-such-package[more]>=2 ; python_version > '3'", "vllm ; extra == 'vllm'"])
    assert not check.passed
    assert check.finding == "missing: no-such-package"


def test_a_pytorch_that_crashes_is_reported_with_its_last_words() -> None:
    check = check_torch([sys.executable, "-c", "raise SystemExit('libtorch.so: cannot open')"])
    assert not check.passed
    assert "libtorch.so: cannot open" in check.finding


def test_a_pytorch_that_dies_silently_is_reported_with_its_exit_code() -> None:
    check = check_torch([sys.executable, "-c", "import os; os._exit(7)"])
    assert not check.passed
    assert "exit code 7" in check.finding


def test_a_pytorch_without_cuda_passes_and_says_so() -> None:
    description = json.dumps({"version": "9.9.9", "cuda": None, "threads": 2})
    check = check_torch([sys.executable, "-c", f"print('''{description}''')"])
    assert check == Check("PyTorch", True, "9.9.9 on CPU, 2 threads; no CUDA device")


def test_the_formats_that_the_page_promises_can_be_read() -> None:
    check = check_gdal()
    assert check.passed, check.finding


def test_the_model_and_its_precision_are_those_of_the_options() -> None:
    seen: list[ModelChoice] = []
    app = build_app(WELL, seen=seen)
    CliRunner().invoke(app, ["doctor"])
    CliRunner().invoke(app, ["doctor", "--model", "owner/name", "--dtype", "bf16", "--quantize", "nf4"])
    assert seen == [ModelChoice("mini"), ModelChoice("owner/name", "bf16", "nf4")]


def test_an_unknown_precision_is_refused() -> None:
    assert CliRunner().invoke(build_app(WELL), ["doctor", "--dtype", "fp8"]).exit_code == 2


def test_what_the_weights_cost_is_a_table_and_a_list() -> None:
    text = CliRunner().invoke(build_app(WELL), ["doctor"]).stdout
    assert re.search(r"bf16 +nf4 +1\.2 +2\.1", text)
    report = json.loads(CliRunner().invoke(build_app(WELL), ["doctor", "--json"]).stdout)
    assert report["costs"][0]["weights_bytes"] == 1_200_000_000


def test_missing_weights_carry_the_remedy_of_their_error() -> None:
    def describe() -> ModelDescription:
        raise CheckpointMissingError(what="mini", remedy="Run `make install`.")

    (check,), costs = check_model(describe)
    assert not check.passed
    assert "Run `make install`." in (check.remedy or "")
    assert costs == ()


def test_weights_on_the_hub_need_room_on_the_disk(tmp_path: Path) -> None:
    description = ModelDescription({"weights": "to be downloaded"}, 10**18, tmp_path, COST, (COST,))
    checks, costs = check_model(lambda: description)
    assert [(check.name, check.passed) for check in checks[:2]] == [("weights", True), ("room for weights", False)]
    assert costs == (COST,)
    assert check_room(tmp_path, 1).passed


def test_weights_that_cannot_be_had_still_say_what_they_cost() -> None:
    description = ModelDescription({"weights": "not here"}, chosen=COST, costs=(COST,), problem="Check the network.")
    checks, costs = check_model(lambda: description)
    assert checks[0] == Check("weights", False, "not here", "Check the network.")
    assert costs == (COST,)


def test_weights_that_do_not_fit_into_memory_name_the_smaller_forms() -> None:
    assert check_memory(COST, 3_000_000_000).passed
    check = check_memory(COST, 2_000_000_000)
    assert not check.passed
    assert "--quantize nf4" in (check.remedy or "")


def test_a_folder_that_does_not_exist_yet_counts_as_its_parent(tmp_path: Path) -> None:
    assert find_existing(tmp_path / "a" / "b") == tmp_path
    assert check_writable("data folder", tmp_path / "a" / "b").passed
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_reported_with_its_setting(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    check = check_writable("cache folder", tmp_path / "weights")
    assert not check.passed
    assert "SEGEARTH_CACHE_DIR" in (check.remedy or "")


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.cli.probes.NEEDED_FREE_BYTES", 10**18)
    check = check_disk(tmp_path)
    assert not check.passed
    assert "GB" in (check.remedy or "")


def test_a_taken_port_is_reported() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        check = check_port("127.0.0.1", listener.getsockname()[1])
    assert not check.passed


def test_every_check_has_a_name_of_its_own(tmp_path: Path) -> None:
    installation = Installation(
        data_dir=tmp_path,
        cache_dir=tmp_path,
        host="127.0.0.1",
        port=7860,
        describe_model=lambda: ModelDescription({"mask model": "abc", "language model": "there"}),
    )
    description = json.dumps({"version": "9.9.9", "cuda": "A card", "threads": 2})
    checks = examine(installation, torch_command=[sys.executable, "-c", f"print('{description}')"]).checks
    names = [check.name for check in checks]
    assert len(set(names)) == len(names) == 10


def test_a_broken_pytorch_keeps_the_doctor_from_looking_at_weights(tmp_path: Path) -> None:
    def describe() -> ModelDescription:
        raise AssertionError("needs PyTorch")

    installation = Installation(
        data_dir=tmp_path, cache_dir=tmp_path, host="127.0.0.1", port=7860, describe_model=describe
    )
    found = examine(installation, torch_command=[sys.executable, "-c", "raise SystemExit(1)"])
    assert not found.can_serve
    assert "weights" not in [check.name for check in found.checks]
