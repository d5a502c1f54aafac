"""A network as a still picture: SVG for pages and print, PNG for slides.

Actors stand where the version has them (:mod:`klustergraf.analysis.layout`). Names are set where
they overlap neither each other nor the larger actors, the most connected first; the legend tells
colours and letters.
"""

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from PIL import Image, ImageDraw, ImageFont

from klustergraf.analysis.contents import EDGE_RULE
from klustergraf.analysis.kinds import GROUPS, kind_group
from klustergraf.analysis.network import Network
from klustergraf.analysis.storage import Analysis
from klustergraf.errors import AnalysisParameterError

MOST_ACTORS: Final = 1500
_SIDE: Final = 1200.0
_MARGIN: Final = 60.0
_LEGEND: Final = 110.0
_SMALLEST, _LARGEST = 4.0, 22.0
_LETTERED_FROM: Final = 7.0
_MOST_NAMES: Final = 70
_NAME_SIZE: Final = 13.0
_LEGEND_SIZE: Final = 14.0
# Names may cross small actors, and never those as large as this.
_NEVER_CROSSED: Final = 12.0
_FONT: Final = Path(__file__).parent / "fonts" / "source-sans-3-latin-wght-normal.woff2"
_WEIGHT: Final = 450
_INK, _GROUND, _LINE = "#1b1f1e", "#ffffff", "#b9c1bd"


@dataclass(frozen=True)
class Box:
    """A rectangle of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Tell whether two rectangles share any point."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True)
class Mark:
    """An actor as a circle."""

    x: float
    y: float
    radius: float
    colour: str
    letter: str
    name: str
    iri: str


@dataclass(frozen=True)
class Name:
    """A name, its box, and where its text begins (left, baseline)."""

    text: str
    x: float
    y: float
    box: Box


@dataclass(frozen=True)
class Drawing:
    """A network as it is drawn; lengths in units of which the picture is ``width`` wide."""

    width: float
    height: float
    lines: list[tuple[float, float, float, float, float]]
    marks: list[Mark]
    names: list[Name]
    legend: list[tuple[float, float, str, str, str]]
    title: str
    description: str


def compose(analysis: Analysis, network: Network, language: str = "en") -> Drawing:
    """Lay out the picture of a network; ``language``: sv or en.

    Errors: AnalysisParameterError when there are too many actors to be told apart.
    """
    if len(network.nodes) > MOST_ACTORS:
        reason = (
            f"give {len(network.nodes)} actors, and a picture shows at most {MOST_ACTORS}. Narrow "
            "them (kind, county, min_weight, ego), or export the network for Gephi: format=gexf"
        )
        raise AnalysisParameterError("filters", reason)
    places = {n: analysis.measures["position"][n] for n in network.nodes}
    left = min((x for x, _ in places.values()), default=0.0)
    top = min((y for _, y in places.values()), default=0.0)
    wide = max((x for x, _ in places.values()), default=0.0) - left
    high = max((y for _, y in places.values()), default=0.0) - top
    scale = (_SIDE - 2 * _MARGIN) / max(wide, high, 1e-6)
    most = max((network.degree(n) for n in network.nodes), default=1) or 1
    marks = {}
    for n, (x, y) in places.items():
        actor = analysis.snapshot.actors[n]
        group = GROUPS[kind_group(actor)]
        marks[n] = Mark(
            round(_MARGIN + (x - left) * scale, 1),
            round(_MARGIN + (y - top) * scale, 1),
            round(_SMALLEST + (_LARGEST - _SMALLEST) * math.sqrt(network.degree(n) / most), 1),
            group.colour,
            group.letter,
            actor.name(language),
            actor.iri,
        )
    heaviest = max((edge.weight for edge in network.edges), default=1.0)
    lines = []
    for edge in network.edges:
        a, b = marks[edge.source], marks[edge.target]
        thickness = 0.5 + 3 * math.log1p(edge.weight) / math.log1p(heaviest)
        lines.append((a.x, a.y, b.x, b.y, round(thickness, 2)))
    ordered = sorted(marks.values(), key=lambda mark: (-mark.radius, mark.name))
    bottom = _MARGIN * 2 + high * scale
    there = {kind_group(analysis.snapshot.actors[n]) for n in network.nodes}
    filters = json.dumps(network.filters, sort_keys=True)
    return Drawing(
        _SIDE,
        round(bottom + _LEGEND, 1),
        lines,
        list(reversed(ordered)),
        list(_names(ordered)),
        list(_legend(there, bottom, language)),
        {"sv": "Nätverk av aktörer", "en": "Network of actors"}[language],
        f"{EDGE_RULE} Version {network.snapshot.version}; filters {filters}.",
    )


def _names(marks: list[Mark]) -> Iterator[Name]:
    """Set names beside their marks, where there is room; the largest first."""
    taken = [
        Box(m.x - m.radius, m.y - m.radius, m.x + m.radius, m.y + m.radius)
        for m in marks
        if m.radius >= _NEVER_CROSSED
    ]
    font = _type(_NAME_SIZE)
    placed = 0
    for mark in marks:
        if placed == _MOST_NAMES:
            return
        wide = font.getlength(mark.name)
        half = _NAME_SIZE / 2
        off = mark.radius + 3
        for x, y in (
            (mark.x + off, mark.y + half - 2),
            (mark.x - off - wide, mark.y + half - 2),
            (mark.x - wide / 2, mark.y - off - 2),
            (mark.x - wide / 2, mark.y + off + _NAME_SIZE - 2),
        ):
            box = Box(x, y - _NAME_SIZE, x + wide, y + 3)
            inside = box.left > 0 and box.right < _SIDE and box.top > 0
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                placed += 1
                yield Name(mark.name, round(x, 1), round(y, 1), box)
                break


def _legend(
    there: set[str], top: float, language: str
) -> Iterator[tuple[float, float, str, str, str]]:
    x, y = _MARGIN, top + 24
    font = _type(_LEGEND_SIZE)
    for name, group in GROUPS.items():
        if name in there:
            label = group.labels[language]
            wide = 34 + font.getlength(label) + 12
            if x + wide > _SIDE - _MARGIN:
                x, y = _MARGIN, y + 28
            yield x + 9, y, group.colour, group.letter, label
            x += wide


def svg(analysis: Analysis, network: Network, language: str = "en") -> bytes:
    """Write the picture as SVG; errors as compose."""
    drawing = compose(analysis, network, language)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:g} '
        f'{drawing.height:g}" width="{drawing.width:g}" height="{drawing.height:g}" role="img" '
        'font-family="Source Sans 3, Noto Sans, Liberation Sans, sans-serif">',
        f"<title>{escape(drawing.title)}</title><desc>{escape(drawing.description)}</desc>",
        f'<rect width="100%" height="100%" fill="{_GROUND}"/>',
        f'<g stroke="{_LINE}" stroke-linecap="round">',
        *(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke-width="{w:g}"/>'
            for x1, y1, x2, y2, w in drawing.lines
        ),
        f'</g><g stroke="{_GROUND}" text-anchor="middle">',
        *(_svg_mark(mark) for mark in drawing.marks),
        f'</g><g font-size="{_NAME_SIZE:g}" fill="{_INK}" stroke="{_GROUND}" stroke-width="3" '
        'paint-order="stroke" stroke-linejoin="round">',
        *(f'<text x="{n.x:g}" y="{n.y:g}">{escape(n.text)}</text>' for n in drawing.names),
        f'</g><g font-size="{_LEGEND_SIZE:g}" fill="{_INK}">',
        *(
            f'<circle cx="{x:g}" cy="{y:g}" r="9" fill="{colour}"/>'
            f'<text x="{x:g}" y="{y + 4:g}" font-size="11" text-anchor="middle" '
            f'fill="{_contrast(colour)}">{letter}</text>'
            f'<text x="{x + 15:g}" y="{y + 5:g}">{escape(label)}</text>'
            for x, y, colour, letter, label in drawing.legend
        ),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts).encode()


def _svg_mark(mark: Mark) -> str:
    letter = ""
    if mark.radius >= _LETTERED_FROM:
        letter = (
            f'<text x="{mark.x:g}" y="{mark.y + 4:g}" font-size="11" stroke="none" '
            f'fill="{_contrast(mark.colour)}">{mark.letter}</text>'
        )
    return (
        f"<a href={quoteattr(mark.iri)}><title>{escape(mark.name)}</title>"
        f'<circle cx="{mark.x:g}" cy="{mark.y:g}" r="{mark.radius:g}" fill="{mark.colour}"/>'
        f"{letter}</a>"
    )


def _contrast(colour: str) -> str:
    return "#ffffff" if colour == "#0072b2" else "#000000"


def png(analysis: Analysis, network: Network, language: str = "en", scale: int = 2) -> bytes:
    """Write the picture as PNG, ``scale`` pixels for each unit; errors as compose."""
    drawing = compose(analysis, network, language)
    size = (round(drawing.width * scale), round(drawing.height * scale))
    image = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(image)
    for x1, y1, x2, y2, thickness in drawing.lines:
        ends = (x1 * scale, y1 * scale, x2 * scale, y2 * scale)
        draw.line(ends, fill=_LINE, width=max(1, round(thickness * scale)))
    small = _type(11 * scale)
    for mark in drawing.marks:
        _disc(draw, mark.x, mark.y, mark.radius, mark.colour, scale)
        if mark.radius >= _LETTERED_FROM:
            place = (mark.x * scale, mark.y * scale)
            draw.text(place, mark.letter, fill=_contrast(mark.colour), font=small, anchor="mm")
    font = _type(_NAME_SIZE * scale)
    for name in drawing.names:
        draw.text(
            (name.x * scale, name.y * scale),
            name.text,
            fill=_INK,
            font=font,
            anchor="ls",
            stroke_width=scale,
            stroke_fill=_GROUND,
        )
    font = _type(_LEGEND_SIZE * scale)
    for x, y, colour, letter, label in drawing.legend:
        _disc(draw, x, y, 9, colour, scale)
        draw.text((x * scale, y * scale), letter, fill=_contrast(colour), font=small, anchor="mm")
        draw.text(((x + 15) * scale, y * scale), label, fill=_INK, font=font, anchor="lm")
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _type(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONT, size)
    font.set_variation_by_axes([_WEIGHT])
    return font


def _disc(
    draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str, scale: int
) -> None:
    box = [(x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale]
    draw.ellipse(box, fill=colour, outline=_GROUND, width=scale)
