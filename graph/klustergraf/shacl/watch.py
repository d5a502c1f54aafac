"""Deadlines: the store cannot stop a query, so work with a deadline has its own process."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

from klustergraf.errors import GraphError, GraphParseError
from klustergraf.shacl.compiler.model import Shape
from klustergraf.shacl.compiler.run import Watch

_T = TypeVar("_T")


def in_time(work: Callable[[Watch], _T], seconds: float | None, source: str) -> _T:
    """Do work that tells which shape it is at; with a deadline, stop it there.

    Errors: GraphParseError that names the shape that was running when the time was over.
    """
    if seconds is None:
        return work(lambda _: None)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, sender), daemon=True)
    process.start()
    sender.close()
    end = time.monotonic() + seconds
    name = "the first shape"
    try:
        while receiver.poll(max(0.0, end - time.monotonic())):
            kind, value = receiver.recv()
            if kind == "shape":
                name = value
            elif kind == "error":
                raise value
            else:
                done: _T = value
                return done
    except EOFError as exc:
        reason = f"shape {name}: the process that validated it died."
        raise GraphParseError(source, reason) from exc
    finally:
        process.kill()
        process.join()
        receiver.close()
    raise GraphParseError(source, f"shape {name}: did not finish within {seconds:g} s.")


def _work(work: Callable[[Watch], object], sender: Connection) -> None:
    def watch(shape: Shape) -> None:
        sender.send(("shape", shape.name))

    try:
        sender.send(("done", work(watch)))
    except GraphError as exc:
        sender.send(("error", exc))
