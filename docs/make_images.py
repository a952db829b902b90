"""Make the pictures of the documentation, from the examples that come with the package.

    python docs/make_images.py

Needs the extras `test` and `report`, Chromium, and a Chinese font for one of them. Writes into docs/images.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent / "images"
COLOURS = 96
WIDE = {"viewport": {"width": 1120, "height": 900}}
DARK = {**WIDE, "color_scheme": "dark"}
PHONE = {"viewport": {"width": 380, "height": 900}, "device_scale_factor": 1.5}
THREE = "section:has(> .cards.three)"

# name, page, browser, from this element, to that one, Chinese
PICTURES: tuple[tuple[str, str, dict[str, Any], str, str, bool], ...] = (
    ("page-top", "panel", WIDE, "header.bar-top", THREE, False),
    ("three-ways", "panel", WIDE, THREE, THREE, False),
    ("page-split", "panel", WIDE, "section:has(> .figure.even)", "section:has(#equivalence-0)", False),
    ("page-dark", "panel", DARK, "section:has(> #reliability-0)", "section:has(> #confusion-0)", False),
    ("page-phone", "panel", PHONE, "header.bar-top", "section.hero", True),
    ("learn", "learn", WIDE, "#systems", "#systems", False),
)


def bitsapart(*arguments: str) -> None:
    """Run the command."""
    subprocess.run([sys.executable, "-m", "bitsapart", *arguments], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        pages = {name: Path(folder) / f"{name}.html" for name in ("panel", "learn")}
        bitsapart("compare", "example:dawid-skene", "--html", str(pages["panel"]))
        bitsapart("learn", "--no-open", "-o", str(pages["learn"]))
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, page, context, start, end, chinese in PICTURES:
            opened = browser.new_context(**context).new_page()
            opened.goto(pages[page].as_uri())
            opened.add_style_tag(content="header.bar-top { position: static !important }")
            if chinese:
                opened.select_option("#language", "zh")
            shoot(opened, FOLDER / f"{name}.png", start, end)


def shoot(page: Any, path: Path, start: str, end: str) -> None:
    """The page from the top of one element to the bottom of another, as a small picture."""
    first, last = (page.locator(selector).first.bounding_box() for selector in (start, end))
    top = max(first["y"] - 16, 0)
    clip = {"x": 0, "y": top, "width": page.viewport_size["width"], "height": last["y"] + last["height"] + 16 - top}
    image = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True))).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
