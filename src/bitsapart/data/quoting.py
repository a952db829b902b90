"""Lists of class names as they are typed: with commas between, quoted where a name or the shell needs it."""

import csv
import io
import shlex
from collections.abc import Iterable

__all__ = ["class_list", "class_names"]


def class_list(classes: Iterable[str], *, more: bool = False) -> str:
    """The classes as an argument of `--classes` that can be copied into a shell.

    Args:
        classes: their names.
        more: others follow that are not known here.

    Example:
        >>> class_list(["cat", "dog"])
        'cat,dog'
        >>> print(class_list(["a bird", "yes, fully"]))
        'a bird,"yes, fully"'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(classes)
    text = line.getvalue()
    return shlex.quote(text) + (",…" if more else "")


def class_names(text: str) -> tuple[str, ...]:
    """The classes that an argument of `--classes` names; a name with a comma in it stands in double quotes.

    Example:
        >>> class_names('a bird,"yes, fully"')
        ('a bird', 'yes, fully')
    """
    return tuple(name.strip() for name in next(csv.reader([text], skipinitialspace=True), []))
