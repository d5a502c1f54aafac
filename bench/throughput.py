"""Requests per second of the trivial look-up: by wrk where it is installed, else by processes."""

import contextlib
import multiprocessing
import re
import shutil
import subprocess
import tempfile
import time
from itertools import count
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from client import Client, EndpointError, request_target

_SCRIPT: Final = Path(__file__).resolve().parent / "lookup.lua"
_THREADS: Final = 2
_RESULT: Final = re.compile(r"rate ([\d.]+) failed (\d+)")


class RequestsFailed(Exception):
    """Some request of a run got no answer, or another status than 200."""


def client_name() -> str:
    """Name the program that asks."""
    return "wrk" if shutil.which("wrk") else "a Python process for each client"


def requests_per_second(
    url: str, texts: tuple[str, ...], *, clients: int, seconds: float, is_unique: bool
) -> float:
    """Ask look-ups with so many clients at once, each over one connection, for some seconds.

    Errors: RequestsFailed.
    """
    wrk = shutil.which("wrk")
    if wrk is not None:
        return _by_wrk(wrk, url, texts, clients, seconds, is_unique)
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        return _by_processes(pool, url, texts, clients, seconds, is_unique)


def _by_wrk(
    wrk: str, url: str, texts: tuple[str, ...], clients: int, seconds: float, is_unique: bool
) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as targets:
        targets.writelines(request_target(urlsplit(url).path, text) + "\n" for text in texts)
        targets.flush()
        done = subprocess.run(  # noqa: S603 - the client of the benchmark, no shell
            [
                *(wrk, "-t", str(min(_THREADS, clients)), "-c", str(clients)),
                *("-d", f"{max(round(seconds), 1)}s", "-s", str(_SCRIPT), url),
                *("-H", "Accept: application/sparql-results+json", "--", targets.name),
                *("unique" if is_unique else "same", f"{time.time_ns():x}"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    found = _RESULT.search(done.stdout)
    if found is None or int(found[2]):
        raise RequestsFailed((done.stdout + done.stderr).strip()[-300:])
    return float(found[1])


def _by_processes(
    pool: Pool, url: str, texts: tuple[str, ...], clients: int, seconds: float, is_unique: bool
) -> float:
    run = time.time_ns()
    jobs = [(url, texts, seconds, f"{run:x}-{n}" if is_unique else None) for n in range(clients)]
    return sum(pool.starmap(_ask_for, jobs))


def _ask_for(url: str, texts: tuple[str, ...], seconds: float, unique: str | None) -> float:
    with contextlib.closing(Client(url)) as client:
        client.answer(texts[0])
        began = time.perf_counter()
        for asked in count(1):
            text = texts[asked % len(texts)]
            try:
                client.answer(text if unique is None else f"{text} #{unique}-{asked}")
            except EndpointError as exc:
                raise RequestsFailed(str(exc)) from exc
            if (spent := time.perf_counter() - began) >= seconds:
                return asked / spent
    raise RequestsFailed("asked nothing")
