"""The engine behind ZeroGPU: the real `spaces` forks a real process; only the GPU and the service that lends it do not
exist."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serving.errors import QuestionTooLongError, SegmentationCancelledError
from tests.fakes.zero_gpu_service import serve_devices

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
sys.modules["torch"] = None
from tests.fakes.zero_gpu_program import main
main(Path(sys.argv[1]))
"""


@dataclass(frozen=True)
class Run:
    told: dict[str, Any]
    calls: Counter[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("zero")
    (folder / "cgroup").write_text("0::/space\n")
    with serve_devices(folder / "refusal") as service:
        finished = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder)],
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "SPACES_ZERO_GPU": "true",
                "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{service.server_port}",
                "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
            },
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    assert finished.returncode == 0, finished.stderr
    return Run(json.loads((folder / "told.json").read_text()), service.calls)


def test_the_answer_comes_back_with_its_stages(run: Run) -> None:
    assert run.told["first"] == {"stages": ["read", "encode", "language", "decode"], "pixels": 24}


def test_the_model_is_loaded_in_the_process_that_holds_the_gpu_and_stays_there(run: Run) -> None:
    (loaded,) = run.told["loaded"]
    assert loaded != run.told["parent"]
    assert "encode" not in run.told["second"]["stages"]  # it still knows the image


def test_an_error_of_ours_comes_back_as_it_was(run: Run) -> None:
    assert run.told["too long"]["error"] == "QuestionTooLongError"
    assert run.told["too long"]["sentence"] == str(QuestionTooLongError(length=2_001, limit=2_000))


def test_stop_ends_the_call_and_the_next_one_is_answered(run: Run) -> None:
    stopped = run.told["stopped"]
    assert (stopped["stages"], stopped["sentence"]) == (["read"], str(SegmentationCancelledError()))
    assert run.told["after"]["pixels"] == 24


def test_clicks_are_answered_there_too(run: Run) -> None:
    assert run.told["refined"] == 24


def test_a_used_up_quota_is_a_sentence(run: Run) -> None:
    quota = run.told["quota"]
    assert quota["error"] == "GpuNotLentError"
    assert "GPU limit" in quota["sentence"]
    assert "try it again later" in quota["sentence"]
    assert "<" not in quota["sentence"]


def test_no_gpu_is_borrowed_to_order_choices(run: Run) -> None:
    assert "pick one of the choices" in run.told["rated"]  # and every call to the service is counted below


def test_every_gpu_is_given_back(run: Run) -> None:
    assert run.calls["/schedule"] == 7
    assert run.calls["/release"] == 6  # one was refused
    assert run.calls["/allow"] == 1  # one process did all of it
