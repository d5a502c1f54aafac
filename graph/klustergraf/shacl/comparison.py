"""What two engines must agree on."""

from collections import Counter
from collections.abc import Iterable, Iterator

from klustergraf.shacl.report import Result


class EngineDisagreement(Exception):
    """Two engines found different results in the same data: one of them is wrong."""

    def __init__(self, differences: str) -> None:
        self.differences = differences
        super().__init__(f"The SHACL engines do not agree:\n{differences}")


def require_equal(ours: Iterable[Result], theirs: Iterable[Result]) -> None:
    """Compare what the compiled shapes and pySHACL found, in all but the words.

    Errors: EngineDisagreement that lists what only one of them found.
    """
    one, other = Counter(map(comparable, ours)), Counter(map(comparable, theirs))
    if one != other:
        lines = [*_differences("compiled", one - other), *_differences("pyshacl", other - one)]
        raise EngineDisagreement("\n".join(lines))


def _differences(name: str, keys: Counter[tuple[str, ...]]) -> Iterator[str]:
    for key, number in sorted(keys.items()):
        yield f"only {name} ({number}): {' '.join(part or '-' for part in key)}"


def comparable(result: Result) -> tuple[str, ...]:
    """Give what two engines must agree on: all but the words."""
    return (
        str(result.focus_node),
        result.result_path.turtle() if result.result_path else "",
        str(result.value) if result.value is not None else "",
        str(result.source_shape),
        result.constraint_component,
        result.severity,
    )
