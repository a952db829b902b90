"""What the worst items look like: thumbnails from a folder, or texts from a column of a file."""

import base64
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitsapart.errors import DataError, MissingExtraError

from .markup import Markup, shown, tag

__all__ = ["Shown", "look_up"]

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
_SIDE = 220  # pixels of a thumbnail
_SMALL = 24_000  # bytes of a picture that is taken as it is
_LONGEST_TEXT = 1200
_NAMES = ("item", "id", "item_id", "task", "task_id", "uid")
_TEXTS = ("text", "comment", "sentence", "question", "content", "body")


@dataclass(frozen=True)
class Shown:
    """One item as it is shown: a picture (a data URI) or a text."""

    picture: str | None = None
    text: str | None = None

    def markup(self, name: str) -> Markup:
        """The picture, described by the item's name, or the quoted text."""
        if self.picture is not None:
            return tag("img", src=self.picture, alt=shown(name), loading="lazy")
        return tag("blockquote", shown(self.text or "", _LONGEST_TEXT))


def look_up(source: "str | Path | Mapping[str, str]", names: Iterable[str]) -> dict[str, Shown]:
    """Find what items look like.

    Args:
        source: a folder of pictures named after the items; a file with a column of ids and one of texts, the latter
            named after a colon where it is not called text (`comments.csv:body`); or a mapping of names to texts.
        names: the items that are shown.

    Returns:
        What was found, by name; items that are not there are left out.

    Raises:
        DataError: there is no such folder or file, or it has no such columns.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    if isinstance(source, Mapping):
        return {name: Shown(text=str(source[name])) for name in wanted if name in source}
    path = Path(source)
    if path.is_dir():
        return {name: found for name in wanted if (found := _picture(path, name)) is not None}
    if path.is_file():
        return _texts(path, None, wanted)
    file, colon, column = str(source).rpartition(":")
    if colon and Path(file).is_file():
        return _texts(Path(file), column, wanted)
    message = f"--items {source}: there is no such folder or file; give a folder of pictures or FILE:COLUMN of texts"
    raise DataError(message)


def _picture(folder: Path, name: str) -> Shown | None:
    """The picture of an item; a name that leads out of the folder finds nothing."""
    if "/" in name or "\\" in name or "\0" in name or name in ("", ".", ".."):
        return None
    for place in (folder / name, *(folder / f"{name}{ending}" for ending in _PICTURES)):
        if place.suffix.lower() in _PICTURES and place.is_file():
            return Shown(picture=_thumbnail(place))
    return None


def _thumbnail(path: Path) -> str:
    try:
        from PIL import Image
    except ImportError:
        content = path.read_bytes()
        if len(content) > _SMALL or path.suffix.lower() == ".bmp":
            purpose = "a thumbnail of a large picture"
            raise MissingExtraError(purpose, "pillow", "train") from None
        kind = path.suffix.lower().lstrip(".").replace("jpg", "jpeg")
        return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((_SIDE, _SIDE))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        message = f"{path} cannot be read as a picture: {error}"
        raise DataError(message) from None
    file = io.BytesIO()
    small.save(file, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _texts(path: Path, column: str | None, names: list[str]) -> dict[str, Shown]:
    import duckdb

    with duckdb.connect() as connection:
        try:
            relation: Any = _relation(connection, path)
            columns = list(relation.columns)
            key = next((c for c in columns if c.lower() in _NAMES), None)
            text = column or next((c for c in columns if c.lower() in _TEXTS), None)
            if key is None or text is None or text not in columns:
                message = f"{path} has the columns {', '.join(columns)}; needed: one of {', '.join(_NAMES)}, and a text"
                raise DataError(message)
            identity, said = (duckdb.ColumnExpression(name).cast("VARCHAR") for name in (key, text))
            found = relation.filter(identity.isin(*map(duckdb.ConstantExpression, names))).select(identity, said)
            rows = found.fetchall()
        except duckdb.Error as error:
            message = f"{path} cannot be read: {str(error).splitlines()[0]}"
            raise DataError(message) from None
    return {name: Shown(text=words or "") for name, words in rows}


def _relation(connection: Any, path: Path) -> Any:
    endings = path.name.lower().split(".")
    if "parquet" in endings:
        return connection.read_parquet(str(path))
    if {"json", "jsonl", "ndjson"} & set(endings):
        return connection.read_json(str(path))
    return connection.read_csv(str(path), all_varchar=True)
