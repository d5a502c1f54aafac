"""Find things by their names: an index for each version, in SQLite."""

from klustergraf.search.index import FACETS, SEARCH_INDEX, build_index
from klustergraf.search.searching import LONGEST_TEXT, Hit, SearchIndex, SearchResult, Suggestion

__all__ = [
    "FACETS",
    "LONGEST_TEXT",
    "SEARCH_INDEX",
    "Hit",
    "SearchIndex",
    "SearchResult",
    "Suggestion",
    "build_index",
]
