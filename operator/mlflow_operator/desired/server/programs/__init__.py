"""What runs in the containers of a server's pods, in the server's image: read by the operator, and run there."""

from importlib.resources import files


def text(name: str) -> str:
    """A program, as ``python -c`` gets it."""
    return files(__package__).joinpath(f"{name}.py").read_text()
