"""The forms under which a picture's file name may stand in people's file."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

__all__ = ["WHOLE", "best_form", "named"]

WHOLE = "name"
_FORMS: dict[str, Callable[[PurePosixPath], object]] = {
    WHOLE: lambda path: path,
    "name without ending": lambda path: path.with_suffix("") if path.name else path,
    "file name": lambda path: path.name,
    "file name without ending": lambda path: path.stem,
}


def named(form: str, names: Sequence[str]) -> list[str]:
    """The names in one of the forms: whole path, without ending, last part, last part without ending."""
    return [str(_FORMS[form](PurePosixPath(name))) for name in names]


def best_form(wanted: Sequence[str], names: Sequence[str]) -> str:
    """The form of the names under which most of the wanted ones are found; the first of equals."""
    asked = set(wanted)
    return max(_FORMS, key=lambda form: len(asked.intersection(named(form, names))))
