"""Everything that bitsapart raises on purpose.

    BitsapartError
    ├── DomainError          a value outside its domain (a negative probability, a row that does not sum to 1)
    ├── DataError            a file or table that cannot be used as it is
    │   └── AmbiguityError   two readings are possible; the message names the flag that decides
    ├── StateError           a saved tally or result that is not understood, or tallies that do not belong together
    └── MissingExtraError    an optional package is needed; the message says what to install

A message is one sentence or two: what was given, where, the rule, the way out.
"""

__all__ = ["AmbiguityError", "BitsapartError", "DataError", "DomainError", "MissingExtraError", "StateError"]


class BitsapartError(Exception):
    """The base of every error that bitsapart raises on purpose."""


class DomainError(BitsapartError, ValueError):
    """A value lies outside the domain of a formula."""


class DataError(BitsapartError, ValueError):
    """A file or table cannot be used as it is."""


class AmbiguityError(DataError):
    """Two readings of the same input are possible, and nothing in it decides."""


class StateError(BitsapartError, ValueError):
    """A saved state is not understood, or two states do not belong together."""


class MissingExtraError(BitsapartError, ImportError):
    """An optional package is needed for what was asked."""

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(f'{purpose} needs {package}, which is not installed: pip install "bitsapart[{extra}]"')
