"""``/search`` and ``/api/search``: find things by their names, with facets; suggestions."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from klustergraf.search import FACETS, LONGEST_TEXT, SearchIndex, SearchResult
from klustergraf_api.dependencies import CountedPartsDep, SearchIndexDep
from klustergraf_api.negotiation import choose_language
from klustergraf_api.pages.rendering import View

router = APIRouter()

_METHODS: Final = ["GET", "HEAD"]
_PER_PAGE: Final = 20
# So many values of a facet a page offers at once; those that are chosen always.
_VALUES_SHOWN: Final = 12

Text = Annotated[
    str, Query(max_length=LONGEST_TEXT, description="Words of a name, or the beginning of one.")
]
Language = Annotated[
    Literal["sv", "en"] | None, Query(description="Language of labels; else as Accept-Language.")
]


class SuggestionModel(BaseModel):
    """What somebody may mean."""

    iri: str
    type: str = Field(description="actor, facility, project …")
    label: str
    name: str = Field(description="The name of it that fits the text.")
    place: str = Field(description="Municipalities, or counties; empty when none is known.")


class HitModel(SuggestionModel):
    """One thing that was found."""

    kinds: tuple[str, ...]


class FacetValueModel(BaseModel):
    """One value of a facet: what choosing it gives."""

    value: str
    label: str
    count: int


class SearchModel(BaseModel):
    """What was found."""

    version: str
    total: int
    first: int
    hits: list[HitModel]
    facets: dict[str, list[FacetValueModel]]
    corrected: dict[str, tuple[str, ...]] = Field(
        description="Words that were taken instead of words that no name has."
    )


class SuggestionsModel(BaseModel):
    """Suggestions for a text, the likeliest first."""

    version: str
    suggestions: list[SuggestionModel]


def _language(request: Request, asked: str | None) -> str:
    return choose_language(asked, request.headers.get("accept-language"), "en")


@router.get("/api/search/suggestions")
def suggest(
    request: Request,
    parts: CountedPartsDep,
    index: SearchIndexDep,
    q: Text,
    lang: Language = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
    type: Annotated[str | None, Query(description="Only things of this type.")] = None,  # noqa: A002 # the name of the parameter
) -> SuggestionsModel:
    """Suggest things while somebody types; case and å, ä, ö do not matter, typing errors little."""
    found = index.suggest(q, _language(request, lang), 50 if type else limit)
    fitting = [item for item in found if type in (None, item.type)][:limit]
    return SuggestionsModel(
        version=parts.version_id,
        suggestions=[SuggestionModel.model_validate(vars(item)) for item in fitting],
    )


@router.get("/api/search")
def search(
    request: Request,
    parts: CountedPartsDep,
    index: SearchIndexDep,
    q: Text = "",
    lang: Language = None,
    type: Annotated[list[str], Query()] = [],  # noqa: A002, B006 # FastAPI copies it
    kind: Annotated[list[str], Query(description="IRIs of kinds of actors.")] = [],  # noqa: B006
    county: Annotated[list[str], Query(description="IRIs of counties.")] = [],  # noqa: B006
    municipality: Annotated[list[str], Query(description="IRIs of municipalities.")] = [],  # noqa: B006
    aspect: Annotated[list[str], Query(description="IRIs of the strategy's aspects.")] = [],  # noqa: B006
    source: Annotated[list[str], Query(description="IRIs of named graphs.")] = [],  # noqa: B006
    first: Annotated[int, Query(ge=0, description="How many to pass over.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = _PER_PAGE,
) -> SearchModel:
    """Find things by name and facets. Several values of one facet mean any of them."""
    chosen = {
        "type": type,
        "kind": kind,
        "county": county,
        "municipality": municipality,
        "aspect": aspect,
        "source": source,
    }
    language = _language(request, lang)
    found = index.search(q, language, facets=chosen, first=first, most=limit)
    return SearchModel(
        version=parts.version_id,
        total=found.total,
        first=first,
        hits=[HitModel.model_validate(vars(hit)) for hit in found.hits],
        facets={
            name: [FacetValueModel(value=v, label=label, count=n) for v, label, n in values]
            for name, values in found.facets.items()
        },
        corrected=dict(found.corrected),
    )


@router.api_route("/search", methods=_METHODS, include_in_schema=False)
def search_page(request: Request, parts: CountedPartsDep, index: SearchIndexDep) -> Response:
    """Search on a page: its address is the whole of its state."""
    view = parts.pages.view(request)
    text = request.query_params.get("q", "")[:LONGEST_TEXT]
    chosen = {
        name: [view.expand(value) for value in request.query_params.getlist(name)]
        for name in FACETS
    }
    page = _page_number(request.query_params.get("page", ""))
    first = (page - 1) * _PER_PAGE
    found = index.search(text, view.language, facets=chosen, first=first, most=_PER_PAGE)
    return parts.pages.respond(
        request,
        "search.html",
        text=text,
        found=found,
        first=first,
        page=page,
        pages=-(-found.total // _PER_PAGE),
        facets=_shown_facets(found, chosen, index, view),
        removable=_removable(chosen, index, view),
    )


def _page_number(text: str) -> int:
    """Read a page number; what is none is the first page."""
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _label(name: str, value: str, label: str, view: View) -> str:
    key = f"type.{value}"
    return view.text(key) if name == "type" and view.has_text(key) else label


def _shown_facets(
    found: SearchResult, chosen: Mapping[str, list[str]], index: SearchIndex, view: View
) -> dict[str, list[tuple[str, str, int, bool]]]:
    """Give for each facet the short value, label, count and whether it is chosen."""
    shown = {}
    for name in FACETS:
        counted = found.facets[name]
        values = [
            (view.curie(value), _label(name, value, label, view), count, value in chosen[name])
            for rank, (value, label, count) in enumerate(counted)
            if rank < _VALUES_SHOWN or value in chosen[name]
        ]
        known = {value for value, *_ in counted}
        missing = [value for value in chosen[name] if value not in known]
        values += [
            (view.curie(v), _label(name, v, index.label(v, view.language), view), 0, True)
            for v in missing
        ]
        shown[name] = values
    return shown


def _removable(
    chosen: Mapping[str, list[str]], index: SearchIndex, view: View
) -> list[tuple[str, str]]:
    """Give the label of each chosen value, and the address of this page without it."""
    return [
        (
            _label(name, value, index.label(value, view.language), view),
            view.without(name, value),
        )
        for name, values in chosen.items()
        for value in values
    ]
