"""Which column plays which part: by its name, or because the caller says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bitsapart.errors import AmbiguityError, DataError

from .options import ReadOptions
from .sheet import Column, Sheet

__all__ = ["Roles", "check_flags", "find_roles", "flag_of"]

_ITEM = (
    "item", "task", "uid", "id", "item_id", "itemid", "task_id", "taskid", "uuid", "example", "example_id", "pair_id",
    "sample", "sample_id", "image", "image_id", "image_name", "filename", "file_name", "document_id", "doc_id",
    "comment_id", "question_id", "instance_id", "key",
)  # fmt: skip
_PANDAS_INDEX = "__index_level_0__"
_ANNOTATOR = (
    "annotator", "worker", "rater", "annotator_id", "worker_id", "workerid", "rater_id", "coder", "judge", "labeler",
    "labeller", "participant", "participant_id", "user", "user_id", "observer",
)  # fmt: skip
_LABEL = (
    "label", "answer", "judgement", "judgment", "response", "verdict", "choice", "annotation", "category", "class",
    "rating", "truth", "gold", "target",
)  # fmt: skip
_OF_PEOPLE = ("people", "human", "humans", "person", "annotator", "annotators", "expert", "experts")
_MODEL_LABEL = ("prediction", "predicted", "pred", "verdict", "label", "answer", "class", "category", "choice")
_VERDICT_ENDS = (*_MODEL_LABEL, "rating", "judgement", "judgment")
_COUNT = ("count", "counts", "n", "votes", "frequency", "freq", "times")
_PROB = ("p", "prob", "probability", "proba")
_FLAGS = {
    "item": "--item", "label": "--label", "annotator": "--annotator", "count": "--count", "prob": "--prob",
    "verdict": "--verdict", "weight": "--weight", "group": "--group", "by": "--by",
}  # fmt: skip


@dataclass(frozen=True)
class Roles:
    """The columns of one sheet by the part they play; `rest` holds those without one."""

    item: str | None = None
    annotator: str | None = None
    label: str | None = None
    count: str | None = None
    prob: str | None = None
    extras: tuple[str, ...] = ()
    rest: tuple[Column, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that name things."""
        return tuple(name for name in (self.item, self.annotator, self.label) if name is not None)


def flag_of(option: str) -> str:
    """The command-line flag of an option."""
    return _FLAGS[option]


def check_flags(sheets: Sequence[Sheet], options: ReadOptions) -> None:
    """Every column that an option names must stand in at least one input.

    Raises:
        DataError: it does not; the nearest name is suggested.
    """
    wanted = [(flag_of(option), getattr(options, option)) for option in _FLAGS if option != "by"]
    wanted += [(flag_of("by"), name) for name in options.by]
    there = list(dict.fromkeys(column.name for sheet in sheets for column in sheet.columns))
    for flag, name in wanted:
        if name is not None and name not in there:
            near = get_close_matches(name, there, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"the columns are {_listed(there)}"
            message = f"{flag} names column {name!r}, which stands in none of the inputs; {hint}"
            raise DataError(message)


def find_roles(
    sheet: Sheet, options: ReadOptions, *, model: bool, others: Sequence[Sheet] = (), without: Sequence[str] = ()
) -> Roles:
    """Recognise the columns of a sheet by their names.

    Args:
        sheet: the input.
        options: what the caller named takes precedence.
        model: a model's sheet; its answers may be called "prediction".
        others: the other inputs; an id that both share is preferred, under whatever name.
        without: columns that play their part already.

    Returns:
        The roles.

    Raises:
        AmbiguityError: two columns could play the same part.
    """
    if not sheet.named:
        return Roles(rest=sheet.columns)
    taken = [name for name in (options.weight, options.group, *options.by) if name is not None and sheet.has(name)]
    free = [column for column in sheet.columns if column.name not in (*taken, *without)]
    elsewhere = not model and any(other.has(options.verdict) for other in others if options.verdict is not None)
    label = _label([c for c in free if model or elsewhere or c.name != options.verdict], sheet, options, model=model)
    item = None if options.in_order else _item(free, sheet, options, label, others)
    ids = [options.item, *_matches(free, _ITEM)] if options.in_order else []
    annotator = None if model else _one(free, sheet, _ANNOTATOR, options.annotator, "annotator")
    numbers = [column for column in free if column.numeric]
    count = _one(numbers, sheet, _COUNT, options.count, "count") if label else None
    prob = _one(numbers, sheet, _PROB, options.prob, "prob")
    used = {item, annotator, label, count, prob, *taken, *ids, *_counters(free)}
    rest = tuple(column for column in sheet.columns if column.name not in used)
    return Roles(item, annotator, label, count, prob, tuple(taken), rest)


def _label(free: Sequence[Column], sheet: Sheet, options: ReadOptions, *, model: bool) -> str | None:
    candidates = [column for column in free if column.type != "list" and column.name != options.item]
    wanted = options.label
    if model and options.verdict is not None and sheet.has(options.verdict):
        wanted = options.verdict
    elif wanted is None and not model and len(of_people := _behind(candidates, _OF_PEOPLE, _LABEL)) == 1:
        wanted = of_people[0]
    found = _one(candidates, sheet, _MODEL_LABEL if model else _LABEL, wanted, "verdict" if model else "label")
    if found is not None or not model:
        return found
    verdicts = _behind([column for column in candidates if column.type in ("text", "integer")], None, _VERDICT_ENDS)
    return verdicts[0] if len(verdicts) == 1 else None


def _behind(columns: Sequence[Column], owners: Sequence[str] | None, words: Sequence[str]) -> list[str]:
    """The columns whose name is one of the words behind that of an owner, such as "human_label"; `None`: of anybody."""
    found = []
    for column in columns:
        owner, _, word = _plain(column.name).rpartition("_")
        if owner and word in words and (owners is None or owner in owners):
            found.append(column.name)
    return found


def _item(
    free: Sequence[Column], sheet: Sheet, options: ReadOptions, label: str | None, others: Sequence[Sheet]
) -> str | None:
    candidates = [column for column in free if column.name != label]
    found = _matches(candidates, _ITEM)
    if options.item is not None and sheet.has(options.item):
        return _naming(sheet, options.item)
    shared = [name for name in found if others and all(other.has(name) for other in others)]
    if len(shared) == 1:
        return _naming(sheet, shared[0])
    if found:
        return _naming(sheet, _only(found, sheet, "item"))
    likely = [column.name for column in candidates if _may_name(column)]
    common = [name for name in likely if not others or all(other.has(name) for other in others)]
    ids = [name for name in common if _plain(name).endswith("_id")]
    if len(ids) == 1:
        return _naming(sheet, ids[0])
    if others and len(common) == 1:
        return common[0]
    return _naming(sheet, _PANDAS_INDEX) if sheet.has(_PANDAS_INDEX) else None


def _may_name(column: Column) -> bool:
    """Whether a column without a name that says so may name items: texts, and what is called an id of no person."""
    called_id = _plain(column.name).endswith("_id") and column.type in ("text", "integer")
    return (
        (called_id or column.type == "text") and column.name != _PANDAS_INDEX and _plain(column.name) not in _ANNOTATOR
    )


def _counters(columns: Sequence[Column]) -> list[str]:
    """The columns in which pandas keeps an index that has no name."""
    return [column.name for column in columns if column.name.startswith("__index_level_")]


def _naming(sheet: Sheet, item: str | None) -> str | None:
    if item is not None and sheet.column(item).type not in ("text", "integer", "float"):
        message = (
            f"{sheet.name}, column {item!r} holds neither texts nor whole numbers, so it names no items: convert it"
        )
        raise DataError(message)
    return item


def _one(columns: Sequence[Column], sheet: Sheet, words: Sequence[str], wanted: str | None, option: str) -> str | None:
    if wanted is not None and sheet.has(wanted):
        return wanted
    return _only(_matches(columns, words), sheet, option)


def _only(found: Sequence[str], sheet: Sheet, option: str) -> str | None:
    if len(found) > 1:
        message = (
            f"{sheet.name} has {len(found)} columns that may be the {option} ({_listed(found)}): "
            f"say which with {flag_of(option)} {found[0]}"
        )
        raise AmbiguityError(message)
    return found[0] if found else None


def _matches(columns: Sequence[Column], words: Sequence[str]) -> list[str]:
    return [column.name for column in columns if _plain(column.name) in words]


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
