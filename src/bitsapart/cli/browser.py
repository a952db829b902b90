"""Opening a page that was written, where there is a screen to open it on."""

import os
import sys
from pathlib import Path

import click

__all__ = ["open_page"]

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def open_page(path: Path) -> None:
    """Open the page in the browser; without a screen do nothing, the path was printed."""
    if sys.platform != "linux" or any(os.environ.get(name) for name in _SCREENS):
        click.launch(path.resolve().as_uri())
