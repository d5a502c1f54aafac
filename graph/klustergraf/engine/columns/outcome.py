"""What has become of a dataset's columns: told by the processes that make them."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self


class ColumnsState(StrEnum):
    """Where the columns of a dataset stand.

    ``UNFIT``: the dataset has what they cannot hold; ``NONE``: the engine is not ours.
    """

    MAKING = "making"
    MADE = "made"
    NO_MEMORY = "no-memory"
    ON_DISK = "on-disk"
    UNFIT = "unfit"
    FAILED = "failed"
    NONE = "none"


_TEXTS = {
    ColumnsState.MAKING: "columns are being made",
    ColumnsState.NO_MEMORY: "no columns: too little memory",
    ColumnsState.ON_DISK: "no columns: the store is on disk",
    ColumnsState.UNFIT: "no columns: the dataset has what they cannot hold",
    ColumnsState.NONE: "no columns: the engine is not ours",
}


@dataclass(frozen=True)
class Outcome:
    """What became of columns: how long it took, how much they take, why they are not there.

    >>> Outcome.from_bytes(Outcome(ColumnsState.MADE, seconds=2.5, size=3 << 20).to_bytes()).text
    'columns made in 2.5 s, with 3 MiB'
    >>> Outcome(ColumnsState.FAILED, reason="ValueError: odd").text
    'no columns: ValueError: odd'
    """

    state: ColumnsState
    seconds: float = 0.0
    size: int = 0
    reason: str = ""

    @property
    def text(self) -> str:
        """Say it in words, for the log."""
        if self.state is ColumnsState.MADE:
            return f"columns made in {self.seconds:.1f} s, with {self.size / 2**20:.0f} MiB"
        return _TEXTS.get(self.state, f"no columns: {self.reason}")

    def to_bytes(self) -> bytes:
        """Write it for another process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what another process wrote."""
        told = json.loads(data)
        return cls(**{**told, "state": ColumnsState(told["state"])})
