"""The port is looked at before anything is loaded."""

import socket
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from serving.model_choice import ModelChoice
from ui.cli.errors import HostUnusableError, PortInUseError
from ui.cli.serve import add_serve_command, ensure_port_is_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_app(served: list[tuple[str, int, ModelChoice]], *, default_port: int) -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    add_serve_command(
        app,
        default_host="127.0.0.1",
        default_port=default_port,
        default_model=ModelChoice("mini"),
        run_server=lambda host, port, choice: served.append((host, port, choice)),
    )
    return app


def test_a_taken_port_ends_in_a_sentence_that_names_it_and_the_way_out(taken_port: int) -> None:
    served: list[tuple[str, int, ModelChoice]] = []
    result = CliRunner().invoke(build_app(served, default_port=taken_port), ["serve"])
    assert result.exit_code == 2
    assert f"Port {taken_port} on 127.0.0.1 is in use" in result.stderr
    assert f"--port {taken_port + 1}" in result.stderr
    assert "Traceback" not in result.output
    assert served == []


def test_the_option_wins_over_the_setting(taken_port: int, free_port: int) -> None:
    served: list[tuple[str, int, ModelChoice]] = []
    result = CliRunner().invoke(build_app(served, default_port=taken_port), ["serve", "--port", str(free_port)])
    assert result.exit_code == 0
    assert served == [("127.0.0.1", free_port, ModelChoice("mini"))]


def test_the_model_that_is_named_is_the_one_that_serves(free_port: int) -> None:
    served: list[tuple[str, int, ModelChoice]] = []
    options = ["--model", "owner/name", "--dtype", "bf16", "--quantize", "nf4"]
    CliRunner().invoke(build_app(served, default_port=free_port), ["serve", *options])
    assert served == [("127.0.0.1", free_port, ModelChoice("owner/name", "bf16", "nf4"))]


def test_a_port_out_of_range_is_refused() -> None:
    served: list[tuple[str, int, ModelChoice]] = []
    result = CliRunner().invoke(build_app(served, default_port=7860), ["serve", "--port", "70000"])
    assert result.exit_code == 2
    assert served == []


def test_listening_ports_are_told_from_free_ones(taken_port: int, free_port: int) -> None:
    ensure_port_is_free("127.0.0.1", free_port)
    with pytest.raises(PortInUseError):
        ensure_port_is_free("127.0.0.1", taken_port)


def test_the_last_port_has_a_way_out_that_exists() -> None:
    assert "--port 65534" in str(PortInUseError(host="127.0.0.1", port=65_535))


def test_an_address_of_another_machine_is_refused() -> None:
    # 192.0.2.0/24 is reserved for documentation, so no machine has it.
    with pytest.raises(HostUnusableError, match=r"192\.0\.2\.1"):
        ensure_port_is_free("192.0.2.1", 7860)
