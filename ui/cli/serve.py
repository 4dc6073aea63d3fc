"""`segearth serve`: open the chat in a browser."""

import errno
import socket
from collections.abc import Callable
from typing import Annotated

import typer

from serving.model_choice import ModelChoice
from ui.cli.errors import HostUnusableError, PortInUseError
from ui.cli.model_options import (
    BackendOption,
    DataParallelOption,
    ModelOption,
    PrecisionOption,
    QuantisationOption,
    TensorParallelOption,
)
from ui.cli.reporting import speak_errors


def add_serve_command(
    app: typer.Typer,
    *,
    default_host: str,
    default_port: int,
    default_model: ModelChoice,
    run_server: Callable[[str, int, ModelChoice], None],
) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        default_host: address to listen on unless told otherwise.
        default_port: port to listen on unless told otherwise.
        default_model: what answers unless told otherwise.
        run_server: called with host, port and model; serves until it is stopped.
    """

    @app.command()
    def serve(
        host: Annotated[
            str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
        ] = default_host,
        port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = default_port,
        model: ModelOption = None,
        dtype: PrecisionOption = None,
        quantize: QuantisationOption = None,
        backend: BackendOption = None,
        tensor_parallel: TensorParallelOption = None,
        data_parallel: DataParallelOption = None,
    ) -> None:
        """Open the chat in a browser."""
        with speak_errors():
            # Before the model is loaded: the answer to a taken port should not take seconds.
            ensure_port_is_free(host, port)
            run_server(
                host,
                port,
                default_model.changed(model, dtype, quantize, backend).spread(tensor_parallel, data_parallel),
            )


def ensure_port_is_free(host: str, port: int) -> None:
    """Do nothing if a server could listen there now.

    Raises:
        PortInUseError: something else listens there.
        HostUnusableError: this machine has no such address, or may not use that port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a port whose last connection is still fading is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host=host, port=port) from error
        raise HostUnusableError(host=host) from error
