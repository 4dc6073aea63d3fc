"""What can go wrong at the terminal; `str(error)` is the sentence a person reads.

CliError
├── PortInUseError                  something else listens there
├── HostUnusableError               this machine has no such address
├── FileMissingError                a file that was named is not there
├── FolderUnusableError             a folder that is to be written to cannot be, or its disk is full
├── ScriptUnreadableError           a script of turns that is none
└── OutputUnusableError             a file that was to be written cannot be
"""

from pathlib import Path


class CliError(Exception):
    """Root of every error that the commands raise on purpose."""


class PortInUseError(CliError):
    """Something else listens there."""

    def __init__(self, *, host: str, port: int) -> None:
        other = port + 1 if port < 65_535 else port - 1
        super().__init__(
            f"Port {port} on {host} is in use, perhaps by another SegEarth Chat. "
            f"Stop that program, or pick another port: segearth serve --port {other}"
        )


class HostUnusableError(CliError):
    """This machine has no such address."""

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"This machine cannot listen on {host}. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for the network."
        )


class FolderUnusableError(CliError):
    """A folder that is to be written to cannot be."""

    def __init__(self, folder: Path, *, setting: str, reason: str) -> None:
        super().__init__(
            f"Nothing can be written in {folder}: {reason}. Free some space or mend its rights, "
            f"or set {setting} to another folder."
        )


class ScriptUnreadableError(CliError):
    """A script of turns that is none."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"The script cannot be read: {problem}. docs/chat_script.md says how it is written.")


class OutputUnusableError(CliError):
    """A file that was to be written cannot be."""

    def __init__(self, path: Path, *, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}.")
