"""Questions to the pool: read-only SQL over items by name, with the exact list of what it reads."""

from tulou.pool.core.query.asking import Answer, PoolRelations, ReadItem, asked
from tulou.pool.core.query.reading import ItemRead, Question, Relation, read_question
from tulou.pool.core.query.writing import write_answer

__all__ = [
    "Answer",
    "ItemRead",
    "PoolRelations",
    "Question",
    "ReadItem",
    "Relation",
    "asked",
    "read_question",
    "write_answer",
]
