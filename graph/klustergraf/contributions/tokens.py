"""Tokens: who may write to which partner's graphs.

A token is ``kgt_<id>_<secret>``; the secret has 256 random bits. Only its SHA-256 is kept. A slow
hash (scrypt) protects secrets that can be guessed; one of 2**256 cannot, so a fast one is as safe
and cannot be used to keep the service busy.
"""

import base64
import contextlib
import fcntl
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from klustergraf.contributions.addresses import check_partner
from klustergraf.errors import TokenRefused

_PREFIX: Final = "kgt"
_ID_BYTES: Final = 5
_SECRET_BYTES: Final = 32
_NOBODY: Final = sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """What is kept of a token. ``expires``: the last day on which it may be used (UTC)."""

    id: str
    partner: str
    created: str
    sha256: str
    expires: str | None = None
    revoked: str | None = None

    def is_usable(self, today: date) -> bool:
        """Tell whether it was neither revoked nor has expired."""
        if self.revoked is not None:
            return False
        return self.expires is None or today <= date.fromisoformat(self.expires)


class TokenStore:
    """The tokens of one home folder, in a file that only its owner reads."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "contributions"
        self._path = self._folder / "tokens.json"

    def tokens(self) -> list[Token]:
        """List all of them, the oldest first."""
        try:
            return [Token(**item) for item in json.loads(self._path.read_text("utf-8"))]
        except FileNotFoundError:
            return []

    def create(self, partner: str, expires: date | None = None) -> tuple[Token, str]:
        """Make a token for a partner; give it, and the text that is told once and never kept.

        Errors: IdentifierError.
        """
        check_partner(partner)
        secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=").lower()
        token = Token(
            id=secrets.token_hex(_ID_BYTES),
            partner=partner,
            created=_now(),
            sha256=sha256(secret.encode()).hexdigest(),
            expires=None if expires is None else expires.isoformat(),
        )
        with self._locked():
            self._write([*self.tokens(), token])
        return token, f"{_PREFIX}_{token.id}_{secret}"

    def revoke(self, token_id: str) -> Token:
        """Let a token be used no more.

        Errors: TokenRefused when there is no such token.
        """
        with self._locked():
            tokens = {token.id: token for token in self.tokens()}
            if token_id not in tokens:
                raise TokenRefused(f"There is no token {token_id!r}. `token list` shows them.")
            if tokens[token_id].revoked is None:
                tokens[token_id] = replace(tokens[token_id], revoked=_now())
                self._write([*tokens.values()])
            return tokens[token_id]

    def partner_of(self, text: str) -> str:
        """Tell whose a token is.

        Takes the same time whatever is wrong with it, and says nothing of what that is.
        Errors: TokenRefused.
        """
        prefix, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        digest = sha256(secret.encode("utf-8", "replace")).hexdigest()
        found = next((t for t in self.tokens() if hmac.compare_digest(t.id, token_id)), None) if (
            token_id.isascii()
        ) else None  # fmt: skip
        fits = hmac.compare_digest(digest, found.sha256 if found else _NOBODY)
        today = datetime.now(UTC).date()
        if found is None or not fits or prefix != _PREFIX or not found.is_usable(today):
            raise TokenRefused("The token is unknown, expired or revoked.")
        return found.partner

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".tokens.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, tokens: list[Token]) -> None:
        handle, name = tempfile.mkstemp(prefix=".tokens-", dir=self._folder)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([asdict(token) for token in tokens], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
