"""Constraints as SPARQL expressions about one node: true where the node is as it should be.

What an expression cannot say (counts beyond a few, queries of a shape) gives None: the plan then
finds the nodes that fail first, in a query of their own (:mod:`klustergraf.shacl.compiler.plan`).
"""

from collections.abc import Callable, Iterable
from typing import Final

import pyoxigraph as ox

from klustergraf.shacl.compiler.context import Context
from klustergraf.shacl.compiler.index import SH
from klustergraf.shacl.compiler.model import Constraint, Shape

Stage = Callable[[Shape], str]
"""Gives the expression for a shape that was tested before, in a query of its own."""

_SIGNS: Final = {
    "MinExclusive": ">", "MinInclusive": ">=", "MaxExclusive": "<", "MaxInclusive": "<=",
}  # fmt: skip
_KINDS: Final = {
    "IRI": "isIRI({v})",
    "BlankNode": "isBLANK({v})",
    "Literal": "isLITERAL({v})",
    "BlankNodeOrIRI": "(isBLANK({v}) || isIRI({v}))",
    "BlankNodeOrLiteral": "(isBLANK({v}) || isLITERAL({v}))",
    "IRIOrLiteral": "(isIRI({v}) || isLITERAL({v}))",
}
_SHAPED: Final = ("Not", "Node", "And", "Or", "Xone")
_DEEPEST: Final = 5
_MOST: Final = 3

VALUE_COMPONENTS: Final = frozenset(
    {*_SIGNS, *_SHAPED, "Class", "Datatype", "NodeKind", "MinLength", "MaxLength", "Pattern",
     "LanguageIn", "In"}
)  # fmt: skip
"""The components that test each value node by itself and report it."""


def surely(expression: str) -> str:
    """Write an expression that counts as false where it has no answer."""
    return f"COALESCE({expression}, false)"


def value_test(
    context: Context,
    constraint: Constraint,
    variable: str,
    stage: Stage | None = None,
    depth: int = 0,
) -> str | None:
    """Write whether one value node is as a constraint wants it."""
    name = constraint.component
    if name in _SHAPED:
        return _shaped(context, constraint, variable, stage, depth)
    term = constraint.term
    if name in _SIGNS and term is not None:
        return context.compare_with(variable, _SIGNS[name], term)
    if name == "Class" and term is not None:
        return f"EXISTS {{ {context.instance(variable, term)} }}"
    if name == "Datatype" and isinstance(term, ox.NamedNode):
        return _datatype(context, variable, term.value)
    if name == "NodeKind" and isinstance(term, ox.NamedNode):
        return _KINDS[term.value.removeprefix(SH)].format(v=variable)
    if name in ("MinLength", "MaxLength"):
        sign = ">=" if name == "MinLength" else "<="
        return f"(!isBLANK({variable}) && STRLEN(STR({variable})) {sign} {constraint.count})"
    if name == "Pattern" and term is not None:
        matched = context.matches(variable, term.value, constraint.flags)
        return f"(!isBLANK({variable}) && {matched})"
    if name == "LanguageIn":
        return _language(variable, [member.value for member in constraint.members])
    if name == "In":
        return context.is_one_of(variable, constraint.members)
    return None


def _datatype(context: Context, variable: str, datatype: str) -> str:
    own = f"DATATYPE({variable}) = <{datatype}>"
    if not context.has_respelt:
        return own
    return f"({own} || DATATYPE({variable}) = <urn:klustergraf:respelt:{datatype}>)"


def _language(variable: str, ranges: Iterable[str]) -> str:
    found = [f"LANGMATCHES(LANG({variable}), {ox.Literal(r)})" for r in ranges]
    return f'(LANG({variable}) != "" && ({" || ".join(found) or "false"}))'


def _shaped(
    context: Context, constraint: Constraint, variable: str, stage: Stage | None, depth: int
) -> str | None:
    parts = []
    for node in constraint.shapes:
        shape = context.shape(node)
        part = conforms(context, shape, variable, depth + 1)
        if part is None:
            if stage is None:
                return None
            part = stage(shape)
        parts.append(surely(part))
    if constraint.component == "Not":
        return f"!{parts[0]}"
    if constraint.component == "Xone":
        return "(" + (" + ".join(f"IF({part}, 1, 0)" for part in parts) or "0") + ") = 1"
    if constraint.component == "Or":
        return "(" + (" || ".join(parts) or "false") + ")"
    return "(" + (" && ".join(parts) or "true") + ")"


def conforms(context: Context, shape: Shape, variable: str, depth: int = 0) -> str | None:
    """Write whether a node conforms to a shape; None when an expression cannot say so."""
    if shape.deactivated:
        return "true"
    if depth > _DEEPEST:
        return None
    parts = []
    for constraint in shape.constraints:
        part = holds(context, shape, constraint, variable, depth)
        if part is None:
            return None
        parts.append(surely(part))
    return "(" + (" && ".join(parts) or "true") + ")"


def holds(
    context: Context, shape: Shape, constraint: Constraint, variable: str, depth: int
) -> str | None:
    """Write whether a constraint of a shape holds for a focus node."""
    if shape.path is None:
        return _holds_here(context, constraint, variable, depth)
    value = context.variable()
    if constraint.component in VALUE_COMPONENTS or constraint.component in ("Property", "Closed"):
        held = _holds_here(context, constraint, value, depth)
        if held is None:
            return None
        return f"NOT EXISTS {{ {reach(shape, variable, value)} FILTER(!{surely(held)}) }}"
    name, term = constraint.component, constraint.term
    if name == "HasValue" and term is not None:
        wanted = context.is_one_of(value, (term,))
        return f"EXISTS {{ {reach(shape, variable, value)} FILTER({wanted}) }}"
    if name in ("MinCount", "MaxCount", "QualifiedMinCount", "QualifiedMaxCount"):
        return _counted(context, shape, constraint, variable, depth)
    return _paired(context, shape, constraint, variable, value)


def _holds_here(context: Context, constraint: Constraint, variable: str, depth: int) -> str | None:
    name, term = constraint.component, constraint.term
    if name == "Property":
        return conforms(context, context.shape(constraint.shapes[0]), variable, depth + 1)
    if name == "Closed":
        return f"NOT EXISTS {{ {closed(context, constraint, variable)} }}"
    if name == "HasValue" and term is not None:
        return context.is_one_of(variable, (term,))
    if name == "Equals":
        other = context.variable()
        has = f"EXISTS {{ {variable} {term} {variable} }}"
        more = f"{variable} {term} {other} . FILTER(!sameTerm({variable}, {other}))"
        return f"({has} && NOT EXISTS {{ {more} }})"
    if name == "Disjoint":
        return f"NOT EXISTS {{ {variable} {term} {variable} }}"
    return value_test(context, constraint, variable, None, depth)


def closed(
    context: Context, constraint: Constraint, variable: str, path: str = "", value: str = ""
) -> str:
    """Write the pattern of the statements that a closed shape does not allow."""
    path, value = path or context.variable(), value or context.variable()
    named = ", ".join(str(m) for m in constraint.members if isinstance(m, ox.NamedNode))
    allowed = f" FILTER({path} NOT IN ({named}))" if named else ""
    return f"{variable} {path} {value} .{allowed}"


def _counted(
    context: Context, shape: Shape, constraint: Constraint, variable: str, depth: int
) -> str | None:
    is_least = constraint.component in ("MinCount", "QualifiedMinCount")
    least = constraint.count if is_least else constraint.count + 1
    if least <= 0:
        return "true" if is_least else "false"
    if least > _MOST:
        return None
    values = [context.variable() for _ in range(least)]
    lines = [reach(shape, variable, value) for value in values]
    for number, value in enumerate(values):
        wanted = qualified(context, constraint, value, None, depth)
        if wanted is None:
            return None
        lines += [f"FILTER({wanted})"] if wanted else []
        lines += [f"FILTER(!sameTerm({value}, {other}))" for other in values[:number]]
    return f"{'' if is_least else 'NOT '}EXISTS {{ {' '.join(lines)} }}"


def qualified(
    context: Context, constraint: Constraint, value: str, stage: Stage | None, depth: int = 0
) -> str | None:
    """Write whether a value counts for a qualified shape; "" for a count of all values."""
    parts = []
    for node in constraint.shapes + constraint.siblings:
        shape = context.shape(node)
        part = conforms(context, shape, value, depth + 1)
        if part is None:
            if stage is None:
                return None
            part = stage(shape)
        parts.append(("!" if node in constraint.siblings else "") + surely(part))
    return " && ".join(parts)


def _paired(
    context: Context, shape: Shape, constraint: Constraint, variable: str, value: str
) -> str | None:
    name, term = constraint.component, constraint.term
    other = context.variable()
    here, there = reach(shape, variable, value), reach(shape, variable, other)
    if name == "Equals":
        here = f"{here} FILTER NOT EXISTS {{ {variable} {term} {value} }}"
        there = f"{variable} {term} {other} . FILTER(!{reaches(shape, variable, other)})"
        return f"(NOT EXISTS {{ {here} }} && NOT EXISTS {{ {there} }})"
    if name == "Disjoint":
        return f"NOT EXISTS {{ {here} {variable} {term} {value} }}"
    if name in ("LessThan", "LessThanOrEquals"):
        compared = surely(context.compare(value, less(name), other))
        pair = f"{here} {variable} {term} {other} ."
        return f"NOT EXISTS {{ {pair} FILTER(!{compared}) }}"
    if name == "UniqueLang":
        same = f"LCASE(LANG({value})) = LCASE(LANG({other}))"
        return (
            f"NOT EXISTS {{ {here} {there} FILTER(!sameTerm({value}, {other}) && "
            f'LANG({value}) != "" && {same}) }}'
        )
    return None


def reach(shape: Shape, variable: str, value: str) -> str:
    """Write that a value is reached from a node by the path of a shape; it may come twice.

    A node that no statement names is no match of a path of SPARQL, but it is its own value by a
    path of no length.
    """
    if shape.path is None:
        raise ValueError(f"{shape.name} has no path")
    pattern = f"{variable} {shape.path.sparql()} {value} ."
    if not shape.path.is_nullable:
        return pattern
    return f"LATERAL {{ {{ {pattern} }} UNION {{ BIND({variable} AS {value}) }} }}"


def reaches(shape: Shape, variable: str, value: str) -> str:
    """Write the expression that a value, which is known, is reached by the path of a shape."""
    if shape.path is None:
        return f"sameTerm({variable}, {value})"
    found = f"EXISTS {{ {variable} {shape.path.sparql()} {value} }}"
    return f"({found} || sameTerm({variable}, {value}))" if shape.path.is_nullable else found


def less(component: str) -> str:
    """Give the sign of a comparison between two properties."""
    return "<" if component == "LessThan" else "<="
