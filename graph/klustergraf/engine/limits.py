"""What one query may use, and which error it is when it wanted more."""

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from klustergraf.engine.syntax import explain
from klustergraf.errors import (
    EngineUnavailable,
    GraphError,
    QueryRefused,
    QueryResourcesExceeded,
    QueryTimeout,
)


def exit_code(words: bytes) -> int | None:
    """Read a keeper's last words of a worker; None: the keeper has died as well."""
    return int(json.loads(words)["code"]) if words else None


@dataclass(frozen=True)
class Limits:
    """What one query may use, and what is said when it wanted more."""

    timeout_seconds: float
    memory_mb: int
    result_mb: int

    def reported(self, report: Mapping[str, Any], text: str) -> GraphError:
        """Give the error that a worker reported of the query it ran."""
        match report["error"], report["reason"]:
            case "SparqlSyntaxError", reason:
                return explain(text, reason)
            case "QueryRefused", _:
                return QueryRefused("The query asks for something outside of this dataset.")
            case "QueryResourcesExceeded", "size":
                return QueryResourcesExceeded(
                    f"The answer is larger than the {self.result_mb} MB that one answer may have, "
                    "and was stopped. Ask for less: fewer variables, or parts with LIMIT and "
                    "OFFSET over an ORDER BY."
                )
            case "QueryResourcesExceeded", _:
                return QueryResourcesExceeded(self._too_much_memory())
            case other, _:
                return EngineUnavailable(f"The engine reported {other!r}.")

    def died(self, code: int | None) -> GraphError:
        """Give the reason why a worker ended before its answer did."""
        match -code if code is not None else None:
            case None:
                return EngineUnavailable("The engine stopped while it answered. Ask again.")
            case signal.SIGALRM:
                return QueryTimeout(self.timeout_seconds)
            case signal.SIGABRT | signal.SIGKILL:
                # The engine's allocator aborts where Python would raise MemoryError; the
                # operating system kills when memory runs out for all.
                return QueryResourcesExceeded(self._too_much_memory())
            case signal.SIGSEGV | signal.SIGBUS:
                return QueryResourcesExceeded(
                    "The query is too long or too deeply nested for the engine, and was stopped. "
                    "Split it, or use VALUES instead of long chains of operators."
                )
        return EngineUnavailable(f"The engine stopped while it answered (exit status {code}).")

    def _too_much_memory(self) -> str:
        return (
            f"The query needed more than the {self.memory_mb} MB of memory that one query may use, "
            "and was stopped. Ask for less: LIMIT without ORDER BY, fewer free variables, "
            "no GROUP_CONCAT over everything."
        )
