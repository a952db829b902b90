"""Reading: from files, tables and arrays to blocks of items that people and models judged.

One engine (DuckDB) parses, counts and joins; plain scans take the fastest decoder there is. What columns mean is
recognised by their names, kinds by their values, never by shape alone: where two readings are possible, an
`AmbiguityError` names the option that decides.
"""

from .block import Block, Ids
from .judgements import LongJudgements
from .opening import open_any, open_model, open_pair, open_people
from .options import ReadOptions
from .pair import Pair
from .survey import ModelSurvey, PeopleSurvey, survey

__all__ = [
    "Block",
    "Ids",
    "LongJudgements",
    "ModelSurvey",
    "Pair",
    "PeopleSurvey",
    "ReadOptions",
    "open_any",
    "open_model",
    "open_pair",
    "open_people",
    "survey",
]
