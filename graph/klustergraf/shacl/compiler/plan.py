"""The plan of a shape: the queries, in order, that give everything that violates it.

A *scope* is a pattern that gives the focus nodes of a shape, each once; the value nodes of a
property shape are the next scope. A query gives the rows of a scope that break one constraint. A
shape inside another one that no expression can test is planned first, over the nodes that matter:
the nodes that fail it are noted in the store, and the query of the outer shape looks them up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import pyoxigraph as ox

from klustergraf.shacl.compiler import expressions, queries, sweeps
from klustergraf.shacl.compiler.context import Context
from klustergraf.shacl.compiler.dataset import HOLDS, SCRATCH, noted
from klustergraf.shacl.compiler.model import Constraint, Query, Shape, SparqlConstraint, Target
from klustergraf.shacl.report import Term


@dataclass(frozen=True)
class Scope:
    """A pattern that gives focus nodes as ``this``; ``keys`` tell the same node apart."""

    pattern: str
    this: str
    keys: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The variables of the scope."""
        return " ".join((*self.keys, self.this))


@dataclass(frozen=True)
class Step:
    """One query: ``find`` results, note nodes that ``fail`` a shape, ``choose`` a target's nodes.

    ``this``, ``value`` and ``path`` are the variables of a result; ``root`` is the node of the
    outermost scope; ``mark`` is the name under which nodes are noted; where no node is noted
    under any of ``within``, the step finds nothing.
    """

    kind: Literal["find", "fail", "choose"]
    text: str
    shape: Shape
    constraint: Constraint | None = None
    this: str = ""
    value: str = ""
    path: str = ""
    root: str = ""
    mark: str = ""
    within: tuple[str, ...] = ()


Key = tuple[Term, Constraint]
"""A constraint and the shape that it stands in."""

Chosen = Callable[[Key], bool]

_WORTH: Final = 2
"""How many constraints make it worth while to look for suspects first."""

_MANY: Final = 2000
"""From how many focus nodes on it may pay to go through all statements with a predicate."""

_FAR: Final = 30_000
_SOME: Final = 200
_MORE: Final = 4
"""It does where these are not many, or of some, far from those that came last, one in four is about
a focus node."""

_COUNTS: Final = ("QualifiedMinCount", "QualifiedMaxCount", "UniqueLang")
"""What an expression asks of pairs of values: where a node has thousands, that takes long."""


@dataclass(frozen=True)
class ValueTest:
    """A pattern that gives the values of a focus node by one predicate, and what holds for each."""

    predicate: str
    reached: str
    test: str

    @property
    def part(self) -> str:
        """Ask the same of the focus node."""
        return f"NOT EXISTS {{ {self.reached} FILTER(!({self.test})) }}"


@dataclass(frozen=True)
class Screen:
    """What must hold for a focus node, as far as expressions can say it.

    ``parts`` ask of the node; ``values`` of each value of a predicate by itself. ``asked`` lists
    the constraints that these stand for.
    """

    parts: list[str]
    values: list[ValueTest]
    asked: set[Key]


def screen(context: Context, shape: Shape, this: str) -> Screen:
    """Write what must hold for a focus node, as far as expressions can; and list what they say."""
    found = Screen([], [], set())
    for constraint in shape.constraints:
        if constraint.component != "Property":
            _ask(context, shape, (constraint,), this, found)
        elif shape.path is None:
            inner = context.shape(constraint.shapes[0])
            if not inner.deactivated:
                _ask(context, inner, inner.constraints, this, found)
    return found


def _ask(
    context: Context, shape: Shape, constraints: tuple[Constraint, ...], this: str, found: Screen
) -> None:
    value = this if shape.path is None else context.variable()
    tests = []
    for constraint in constraints:
        if constraint.component in _COUNTS:
            continue
        if constraint.component in expressions.VALUE_COMPONENTS:
            test = expressions.value_test(context, constraint, value, None, 1)
            tests += [] if test is None else [expressions.surely(test)]
        else:
            test = expressions.holds(context, shape, constraint, this, 1)
            found.parts.extend([] if test is None else [test])
        if test is not None:
            found.asked.add((shape.node, constraint))
    if tests and shape.path is None:
        found.parts.extend(tests)
    elif tests and shape.path is not None:
        reached = expressions.reach(shape, this, value)
        predicate = "" if shape.path.operator else shape.path.sparql()
        asked = ValueTest(predicate, reached, " && ".join(tests))
        if predicate:
            found.values.append(asked)
        else:
            found.parts.append(asked.part)


class Planner:
    """Writes the steps of shapes; where ``mark`` is given, only to note which nodes fail."""

    def __init__(self, context: Context, root: str = "", mark: str = "") -> None:
        self._context = context
        self._root = root
        self._mark = mark

    def targeted(self, shape: Shape, focus: str = "") -> Iterator[Step]:
        """Plan a shape for its targets; only for the nodes noted under ``focus``, if given."""
        this = self._context.variable()
        choices, tests = [], []
        for target in shape.targets:
            if target.kind == "sparql" and target.query is not None:
                mark = self._context.mark("target")
                if focus:
                    text = queries.target(target.query, noted(focus, "?this"))
                    yield Step("choose", text, shape, mark=mark)
                else:
                    yield from self._queried(shape, target, target.query, mark)
                tests.append(noted(mark, this))
                choices.append(noted(mark, this))
            else:
                tests.append(self._chosen(target, this, is_test=True))
                if not focus:
                    choices.append(self._chosen(target, this, is_test=False))
        is_target = " || ".join(f"EXISTS {{ {test} }}" for test in tests)
        if focus:
            pattern = f"{noted(focus, this)} FILTER({is_target})"
        elif len(choices) == 1 and self._gives_each_once(shape.targets[0]):
            pattern = choices[0]
        else:
            union = " UNION ".join(f"{{ {choice} }}" for choice in choices)
            pattern = f"{{ SELECT DISTINCT {this} {{ {union} }} }}"
        self._root = self._root or this
        scope = Scope(pattern, this)
        if focus:
            yield from self.shape(shape, scope)
        else:
            yield from self._screened(shape, scope, is_target)

    def _queried(self, shape: Shape, target: Target, query: Query, mark: str) -> Iterator[Step]:
        """Plan a target's query; when it is the first of several that one look serves, the look."""
        context = self._context
        for group in sweeps.groups(context.shapes):
            targets = [one for _, one in group]
            if target not in targets or target in context.swept:
                continue
            some = [found for one in targets if one.query and (found := sweeps.swept(one.query))]
            ends = sorted({end for sweep in some for end in sweep.clues})
            marks = {end: context.mark("swept") for end in ends}
            context.swept |= dict.fromkeys(targets, marks)
            for end, name in marks.items():
                yield Step("fail", sweeps.noting(some, end, name), shape, mark=name)
        sweep = sweeps.swept(query)
        if sweep is None or target not in context.swept:
            yield Step("choose", queries.target(query), shape, mark=mark)
            return
        marks = context.swept[target]
        text, within = sweeps.chosen(sweep, marks), tuple(marks.values())
        yield Step("choose", text, shape, mark=mark, within=within)

    def _screened(self, shape: Shape, scope: Scope, is_target: str) -> Iterator[Step]:
        """Plan a shape for many nodes, of which few are expected to break it.

        Queries first ask for the nodes that break any constraint that an expression can say; each
        of these constraints then looks at those nodes only. What must hold for each value of a
        predicate is asked of the statements with that predicate, where these are not many more
        than the nodes: the store finds them sooner than the values of one node after the other.
        """
        found = screen(self._context, shape, scope.this)
        if len(found.asked) < _WORTH:
            yield from self.shape(shape, scope)
            return
        mark = self._context.mark("suspects")
        noting = f"INSERT {{ GRAPH {SCRATCH} {{ <{mark}> {HOLDS} {scope.this} }} }}"
        parts = found.parts[:]
        are_many = bool(found.values) and self._are_many(scope)
        for asked in found.values:
            if are_many and self._is_about(asked.predicate, scope.this, is_target):
                # By groups, so that what is a target is asked of the nodes that are wrong alone.
                wrong = f"{asked.reached} FILTER(!({asked.test}))"
                some = f"SELECT {scope.this} {{ {wrong} }} GROUP BY {scope.this}"
                pattern = f"{{ {some} }} FILTER({is_target})"
                yield Step("fail", f"{noting} WHERE {{ {pattern} }}", shape, mark=mark)
            else:
                parts.append(asked.part)
        if parts:
            wrong = f"FILTER(!({' && '.join(map(expressions.surely, parts))}))"
            yield Step("fail", f"{noting} WHERE {{ {scope.pattern} {wrong} }}", shape, mark=mark)
        suspects = Scope(noted(mark, scope.this), scope.this)
        for step in self.shape(shape, suspects, found.asked.__contains__):
            yield replace(step, within=(mark,))
        yield from self.shape(shape, scope, lambda key: key not in found.asked)

    def _are_many(self, scope: Scope) -> bool:
        return self._counted_rows(f"{{ SELECT * {{ {scope.pattern} }} LIMIT {_MANY} }}")[0] >= _MANY

    def _is_about(self, predicate: str, this: str, is_target: str) -> bool:
        """Tell by some statements with a predicate whether many of them are about focus nodes."""
        place = f"LIMIT {_SOME} OFFSET {_FAR}"
        some = f"{{ SELECT {this} {{ {this} {predicate} ?kg_value }} {place} }}"
        found, ours = self._counted_rows(some, is_target)
        return found < _SOME or found <= _MORE * ours

    def _counted_rows(self, pattern: str, test: str = "true") -> tuple[int, int]:
        """Count the rows of a pattern, and those for which a test holds."""
        counts = f"(COUNT(*) AS ?all) (SUM(IF({test}, 1, 0)) AS ?some)"
        rows = self._context.data.store.query(f"SELECT {counts} {{ {pattern} }}")
        row = next(iter(rows)) if isinstance(rows, ox.QuerySolutions) else None
        found = [None if row is None else row[name] for name in ("all", "some")]
        one, other = (0 if count is None else int(count.value) for count in found)
        return one, other

    def _gives_each_once(self, target: Target) -> bool:
        if target.kind == "class":
            return self._context.data.subclasses(target.term) == (target.term,)
        return target.kind in ("sparql", "node")

    def _chosen(self, target: Target, this: str, *, is_test: bool) -> str:
        context, other = self._context, self._context.variable()
        if target.kind == "node":
            if isinstance(target.term, ox.BlankNode):
                return noted(context.list_of((target.term,)), this)
            return f"VALUES {this} {{ {context.term(target.term)} }}"
        if target.kind == "class":
            write = context.instance if is_test else context.instances
            return write(this, target.term)
        if target.kind == "subjectsOf":
            return f"{this} {target.term} {other} ."
        return f"{other} {target.term} {this} ."

    def shape(self, shape: Shape, scope: Scope, chosen: Chosen | None = None) -> Iterator[Step]:
        """Plan a shape over the nodes of a scope.

        ``chosen`` limits it to some of its constraints, and of those of its property shapes.
        """
        if shape.deactivated:
            return
        value = scope.this if shape.path is None else self._context.variable()
        values = _values(shape, scope, value)
        for constraint in shape.constraints:
            if constraint.component == "Property":
                inner = self._context.shape(constraint.shapes[0])
                keys = scope.keys if shape.path is None else (*scope.keys, scope.this)
                yield from self._property(inner, Scope(values, value, keys), chosen)
                continue
            if chosen is not None and not chosen((shape.node, constraint)):
                continue
            staged: list[Step] = []
            found = list(self._found(shape, constraint, scope, values, value, staged))
            yield from staged
            yield from found

    def _property(self, inner: Shape, scope: Scope, chosen: Chosen | None) -> Iterator[Step]:
        if chosen is None:
            yield from self.shape(inner, scope)
            return
        kept = tuple(c for c in inner.constraints if chosen((inner.node, c)))
        if kept:
            yield from self.shape(replace(inner, constraints=kept), scope)

    def _found(
        self,
        shape: Shape,
        constraint: Constraint,
        scope: Scope,
        values: str,
        value: str,
        staged: list[Step],
    ) -> Iterator[Step]:
        def stage(inner: Shape) -> str:
            mark = self._context.mark("fails")
            candidates = f"{{ SELECT DISTINCT {value} {{ {values} }} }}"
            planner = Planner(self._context, value, mark)
            staged.extend(planner.shape(inner, Scope(candidates, value)))
            return f"NOT EXISTS {{ {noted(mark, value)} }}"

        name = constraint.component
        if name in expressions.VALUE_COMPONENTS:
            held = expressions.value_test(self._context, constraint, value, stage)
            if held is not None:
                pattern = f"{values} FILTER(!{expressions.surely(held)})"
                yield self._step(shape, constraint, scope, pattern, value)
        elif constraint.sparql is not None:
            yield self._asked(shape, constraint, constraint.sparql, scope, values, value)
        elif name == "Closed":
            path, own = self._context.variable(), self._context.variable()
            extra = expressions.closed(self._context, constraint, value, path, own)
            step = self._step(shape, constraint, scope, f"{values} {extra}", own, path)
            yield step
        elif name in ("MinCount", "MaxCount", "QualifiedMinCount", "QualifiedMaxCount"):
            yield from self._counted(shape, constraint, scope, value, stage)
        else:
            yield from self._paired(shape, constraint, scope, values, value)

    def _step(
        self,
        shape: Shape,
        constraint: Constraint,
        scope: Scope,
        pattern: str,
        value: str = "",
        path: str = "",
        prologue: str = "",
    ) -> Step:
        root = self._root or scope.this
        if self._mark:
            noting = f"INSERT {{ GRAPH {SCRATCH} {{ <{self._mark}> {HOLDS} {root} }} }}"
            text = f"{prologue}\n{noting} WHERE {{ {pattern} }}"
            return Step("fail", text, shape, constraint, mark=self._mark)
        columns = " ".join(dict.fromkeys(v for v in (root, scope.this, value, path) if v))
        text = f"{prologue}\nSELECT {columns} WHERE {{ {pattern} }}"
        return Step("find", text, shape, constraint, scope.this, value, path, root)

    def _counted(
        self,
        shape: Shape,
        constraint: Constraint,
        scope: Scope,
        value: str,
        stage: expressions.Stage,
    ) -> Iterator[Step]:
        count = constraint.count
        is_least = constraint.component in ("MinCount", "QualifiedMinCount")
        if is_least and count <= 0:
            return
        wanted = expressions.qualified(self._context, constraint, value, stage) or ""
        reached = expressions.reach(shape, scope.this, value)
        reached += f" FILTER({wanted})" if wanted else ""
        if is_least and count == 1:
            pattern = f"{scope.pattern} FILTER NOT EXISTS {{ {reached} }}"
        elif not is_least and count == 0:
            pattern = f"{{ SELECT DISTINCT {scope.row} {{ {scope.pattern} {reached} }} }}"
        else:
            inner = f"{scope.pattern} OPTIONAL {{ {reached} }}" if is_least else (
                f"{scope.pattern} {reached}"
            )  # fmt: skip
            having = f"HAVING(COUNT(DISTINCT {value}) {'<' if is_least else '>'} {count})"
            pattern = f"{{ SELECT {scope.row} {{ {inner} }} GROUP BY {scope.row} {having} }}"
        yield self._step(shape, constraint, scope, pattern)

    def _paired(
        self, shape: Shape, constraint: Constraint, scope: Scope, values: str, value: str
    ) -> Iterator[Step]:
        context, name, term, this = self._context, constraint.component, constraint.term, scope.this
        other = context.variable()
        if name == "HasValue" and term is not None:
            is_it = context.is_one_of(value, (term,))
            missing = f"FILTER(!{expressions.surely(is_it)})"
            if shape.path is not None:
                reached = expressions.reach(shape, this, value)
                missing = f"FILTER NOT EXISTS {{ {reached} FILTER({is_it}) }}"
            yield self._step(shape, constraint, scope, f"{scope.pattern} {missing}")
        elif name == "Equals":
            lacks = f"FILTER NOT EXISTS {{ {this} {term} {value} }}"
            yield self._step(shape, constraint, scope, f"{values} {lacks}", value)
            lacks = f"FILTER(!{expressions.reaches(shape, this, other)})"
            pattern = f"{scope.pattern} {this} {term} {other} . {lacks}"
            yield self._step(shape, constraint, scope, pattern, other)
        elif name == "Disjoint":
            has = f"FILTER EXISTS {{ {this} {term} {value} }}"
            yield self._step(shape, constraint, scope, f"{values} {has}", value)
        elif name in ("LessThan", "LessThanOrEquals"):
            compared = context.compare(value, expressions.less(name), other)
            wrong = f"{this} {term} {other} . FILTER(!{expressions.surely(compared)})"
            yield self._step(shape, constraint, scope, f"{values} {wrong}", value)
        elif name == "UniqueLang":
            tag = f"(LCASE(LANG({value})) AS {other})"
            tagged = f'{values} FILTER(LANG({value}) != "")'
            grouped = f"GROUP BY {scope.row} {tag} HAVING(COUNT(*) > 1)"
            pattern = f"{{ SELECT {scope.row} {other} {{ {tagged} }} {grouped} }}"
            yield self._step(shape, constraint, scope, pattern)

    def _asked(
        self,
        shape: Shape,
        constraint: Constraint,
        sparql: SparqlConstraint,
        scope: Scope,
        values: str,
        value: str,
    ) -> Step:
        renamed = [*scope.keys, f"({scope.this} AS ?this)"]
        root = self._root or scope.this
        top = "?this" if root == scope.this else root
        prepared = queries.prepared(self._context, shape, sparql)
        if sparql.is_ask:
            renamed.append(f"({value} AS ?value)")
            pattern = f"{{ SELECT {' '.join(renamed)} {{ {values} }} }} {prepared.pattern}"
        else:
            pattern = f"{{ SELECT {' '.join(renamed)} {{ {scope.pattern} }} }} {prepared.pattern}"
        planner = Planner(self._context, top, self._mark)
        own = replace(scope, this="?this")
        step = planner._step(shape, constraint, own, pattern, "?value", "", prepared.prologue)
        if step.kind == "find":
            text = f"{prepared.prologue}\nSELECT DISTINCT * WHERE {{ {pattern} }}"
            return replace(step, text=text, path="?path")
        return step


def _values(shape: Shape, scope: Scope, value: str) -> str:
    """Write the pattern of the value nodes of a shape, each once for each row of the scope."""
    if shape.path is None:
        return scope.pattern
    pattern = f"{scope.pattern} {expressions.reach(shape, scope.this, value)}"
    if shape.path.is_simple:
        return pattern
    return f"{{ SELECT DISTINCT {scope.row} {value} {{ {pattern} }} }}"
