"""``/contribute``: what partners can do, templates, upload, preview, report, confirmation.

Works without scripts and without cookies. No request carries anything that a browser adds by
itself: what looks at a contribution carries the token, what confirms one carries the ticket of what
was looked at. So no other site can have a browser send either, and no token stands in an address.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.desk import Contribution, Outcome
from klustergraf.contributions.media_types import SUFFIXES, TABLES, with_table
from klustergraf.contributions.record import Kind
from klustergraf.contributions.spreadsheets.columns import KINDS, Language
from klustergraf.contributions.spreadsheets.sheets import CSV, XLSX
from klustergraf.contributions.spreadsheets.templates import csv_template, xlsx_template
from klustergraf.contributions.spreadsheets.vocabulary import QUERY, Vocabulary
from klustergraf.engine.base import QueryRequest
from klustergraf.errors import (
    ContributionInReview,
    ContributionRefused,
    GraphParseError,
    IdentifierError,
    TokenRefused,
)
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.contributing import Contributing
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.execution import Executor, parse_solutions
from klustergraf_api.labels import read_labels
from klustergraf_api.middleware import client_of
from klustergraf_api.pending import KEPT_SECONDS
from klustergraf_api.previews import outline, remarks
from klustergraf_api.protocol import RequestLimits
from klustergraf_api.request_errors import ContributionsClosed, PageNotFound, TooManyAttempts
from klustergraf_api.uploads import SentForm, read_form

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "HEAD"]
_FRESH: Final = {"Cache-Control": "no-store"}
_THINGS_SHOWN: Final = 50
_FORMATS: Final = {".csv": f"{CSV}; charset=utf-8", ".xlsx": XLSX}


class _FormError(Exception):
    """A form cannot be acted on; the page tells why by a message of this key.

    ``cause``: what was found in the file; the page tells it after the message.
    """

    def __init__(self, key: str, status: int = 400, cause: GraphParseError | None = None) -> None:
        self.key = key
        self.status = status
        self.cause = cause
        super().__init__(key)


@dataclass(frozen=True)
class _Asked:
    """What the form asks for; shown again when something is wrong, but for the token."""

    kind: str = ""
    name: str = ""
    mode: str = "put"


@router.api_route("/contribute", methods=_METHODS)
async def contribute(request: Request, parts: PartsDep) -> Response:
    """Tell partners what they can do, and take their files."""
    return _page(request, parts, _Asked())


@router.api_route("/contribute/check", methods=_METHODS)
@router.api_route("/contribute/confirm", methods=_METHODS)
async def back(request: Request, parts: PartsDep) -> Response:
    """Lead whoever asks again for a page that answered a form to the first page."""
    where = parts.pages.view(request).href("/contribute")
    return Response(status_code=303, headers={"Location": where, **_FRESH})


@router.api_route("/contribute/templates/{name}", methods=_METHODS)
async def template(
    request: Request,
    name: Annotated[str, Path(max_length=40)],
    parts: PartsDep,
    executor: ExecutorDep,
) -> Response:
    """Give an empty table of a kind, ``<kind>.csv`` or ``<kind>.xlsx``, in the language asked."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    if stem not in KINDS or suffix not in _FORMATS:
        raise PageNotFound
    language: Language = "sv" if parts.pages.view(request).language == "sv" else "en"
    tag = entity_tag(parts.engine.version_id, parts.pages.edition, name, language)
    headers = {
        "Cache-Control": "no-cache",
        "Content-Disposition": f'attachment; filename="{stem}-{language}{suffix}"',
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    unchanged = not_modified(request, tag, headers)
    if unchanged is not None:
        return unchanged
    kind = KINDS[stem]
    if suffix == ".csv":
        content = csv_template(kind, language)
    else:
        vocabulary = await _vocabulary(executor)
        content = await asyncio.to_thread(xlsx_template, kind, language, vocabulary)
    return Response(content, media_type=_FORMATS[suffix], headers={**headers, "ETag": tag})


async def _vocabulary(executor: Executor) -> Vocabulary:
    _, document = await executor.read(QueryRequest(QUERY))
    _, rows = parse_solutions(document)

    def text(row: dict[str, Any], name: str) -> str:
        return row[name].value if name in row else ""

    return Vocabulary.of(
        (text(r, "list"), text(r, "iri"), text(r, "code"), text(r, "sv"), text(r, "en"))
        for r in rows
    )


# Not at the address of the form: a link from the answer back to the form would then lead nowhere.
@router.post("/contribute/check")
async def check(request: Request, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Judge a file without storing it, and show what it would do or what is wrong with it."""
    contributing = _contributing(parts)
    form = await _read(request, parts)
    asked = _Asked(form.get("kind"), form.get("name"), form.get("mode") or "put")
    try:
        authorization = f"Bearer {form.get('token')}"
        partner = _partner(request, parts, contributing, form, authorization)
        contribution = _contribution(contributing, partner, asked, form)
        outcome = await contributing.check(contribution)
    except _FormError as exc:
        return _page(request, parts, asked, exc)
    except GraphParseError as exc:
        return _page(request, parts, asked, _FormError("contribute.unreadable", 400, exc))
    if not outcome.report["conforms"]:
        return _refused(request, parts, contribution, outcome.report, outcome)
    ticket = contributing.pending.keep(contribution, authorization) if outcome.delta else ""
    told = outline(outcome.delta, contribution.address)
    labels = await read_labels(executor, told.classes)
    return parts.pages.respond(
        request,
        "contribute_preview.html",
        headers=_FRESH,
        contribution=contribution,
        outcome=outcome,
        outline=told,
        labels=labels,
        most=_THINGS_SHOWN,
        remarks=remarks(outcome.report, parts.pages.view(request).language),
        ticket=ticket,
        minutes=int(KEPT_SECONDS // 60),
    )


@router.post("/contribute/confirm")
async def confirm(request: Request, parts: PartsDep) -> Response:
    """Take in what was looked at, if nobody changed the graph since."""
    contributing = _contributing(parts)
    form = await _read(request, parts)
    pending = contributing.pending.take(form.get("ticket"))
    if pending is None:
        return _page(request, parts, _Asked(), _FormError("contribute.expired", 410))
    contribution = pending.contribution
    try:
        client = client_of(request.scope, parts.settings.trusted_proxies)
        contributing.partner(pending.authorization, client)  # it may be revoked since
        outcome = await contributing.submit(contribution)
    except TokenRefused:
        return _page(request, parts, _Asked(), _FormError("contribute.token-wrong", 401))
    except ContributionRefused as exc:
        return _refused(request, parts, contribution, exc.report)
    except ContributionInReview as exc:
        return parts.pages.respond(
            request, "contribute_done.html", status=202, headers=_FRESH,
            contribution=contribution, outcome=None, review=exc.review,
        )  # fmt: skip
    return parts.pages.respond(
        request, "contribute_done.html", status=201 if outcome.is_new else 200, headers=_FRESH,
        contribution=contribution, outcome=outcome, review="",
    )  # fmt: skip


def _page(
    request: Request, parts: Parts, asked: _Asked, failure: _FormError | None = None
) -> Response:
    return parts.pages.respond(
        request,
        "contribute.html",
        status=failure.status if failure else 200,
        headers=_FRESH if request.method == "POST" else None,
        kinds=KINDS.values(),
        suffixes=sorted(SUFFIXES),
        is_open=parts.contributing is not None,
        asked=asked,
        failure=failure,
        largest=parts.settings.request_body_kb * 1024,
    )


def _refused(
    request: Request,
    parts: Parts,
    contribution: Contribution,
    report: Mapping[str, Any],
    outcome: Outcome | None = None,
) -> Response:
    found = remarks(report, parts.pages.view(request).language)
    return parts.pages.respond(
        request,
        "contribute_refused.html",
        status=422,
        headers=_FRESH,
        contribution=contribution,
        remarks=found,
        count=report["counts"]["violation"],
        rows=outcome.rows if outcome else (),
        wrong={(one.row, one.column) for one in found if one.severity == "violation"},
    )


def _contributing(parts: Parts) -> Contributing:
    if parts.contributing is None:
        raise ContributionsClosed
    return parts.contributing


async def _read(request: Request, parts: Parts) -> SentForm:
    settings = parts.settings
    limits = RequestLimits(settings.query_kb, settings.request_body_kb, settings.body_seconds)
    return await read_form(request, limits)


def _partner(
    request: Request, parts: Parts, contributing: Contributing, form: SentForm, authorization: str
) -> str:
    """Tell whose the token of a form is. Errors: _FormError."""
    if not form.get("token"):
        raise _FormError("contribute.token-missing")
    try:
        client = client_of(request.scope, parts.settings.trusted_proxies)
        return contributing.partner(authorization, client)
    except TokenRefused as exc:
        raise _FormError("contribute.token-wrong", 401) from exc
    except TooManyAttempts as exc:
        raise _FormError("contribute.token-wait", 429) from exc


def _contribution(
    contributing: Contributing, partner: str, asked: _Asked, form: SentForm
) -> Contribution:
    """Make what a form asks for. Errors: _FormError."""
    if not form.content:
        raise _FormError("contribute.file-missing")
    media_type = SUFFIXES.get(PurePath(form.filename.lower()).suffix)
    if media_type is None:
        raise _FormError("contribute.file-unknown", 415)
    if asked.kind not in ("", *KINDS) or asked.mode not in ("put", "post"):
        raise _FormError("contribute.form-wrong")
    is_table = media_type in TABLES
    name = asked.name or (asked.kind if is_table else "")
    try:
        address = GraphAddress.of(f"{partner}/{name}" if name else partner)
    except IdentifierError as exc:
        raise _FormError("contribute.name-wrong") from exc
    tag = contributing.desk.tag(address)
    kind: Kind = "post" if asked.mode == "post" else "put"
    return Contribution(
        address,
        kind,
        form.content,
        with_table(media_type, asked.kind),
        # What is confirmed is what was looked at: a change by somebody else meanwhile is not lost.
        if_match=f'"{tag}"' if tag else None,
        if_none_match=None if tag else "*",
    )
