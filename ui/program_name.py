"""What this program calls itself in what it writes for others."""

from importlib.metadata import version

DISTRIBUTION = "segearth-chat"


def name_program() -> str:
    """Return name and version, "segearth-chat 0.1.0"."""
    return f"{DISTRIBUTION} {version(DISTRIBUTION)}"
