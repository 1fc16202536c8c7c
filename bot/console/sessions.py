"""Who may look and halt: a one-time token or a password opens a session, a cookie carries it.

Decides nothing about single requests beyond "known or not". Secrets are kept as digests only.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nacl.exceptions
import nacl.pwhash

SESSIONS_MAX = 32  # the oldest gives way
SECRET_CHARACTERS_MAX = 200
COOKIE = "__Host-condorbot"  # the prefix makes browsers insist on Secure, Path=/ and no Domain


@dataclass(frozen=True, slots=True)
class Session:
    """``csrf`` must come back in a header with everything that changes something."""

    csrf: str
    ends_at_s: float


class Sessions:
    """All open sessions of one life of the daemon, on the ``uptime_s`` clock."""

    def __init__(
        self,
        *,
        uptime_s: Callable[[], float],
        lasts_s: float,
        token_path: Path | None = None,
        password_hash: str = "",
        token: str = "",
    ) -> None:
        self._uptime_s = uptime_s
        self._lasts_s = lasts_s
        self._token_path = token_path
        self._password_hash = password_hash
        self._token_digest = b""
        self._open: dict[bytes, Session] = {}  # by digest of the cookie, oldest first
        self._hashing = asyncio.Lock()
        self._keep(token or _fresh())

    async def admit(self, secret: str) -> str | None:
        """The cookie of a new session, or None. A token works once; then there is another."""
        if not secret or len(secret) > SECRET_CHARACTERS_MAX:
            return None
        if hmac.compare_digest(_digest(secret), self._token_digest):
            self._token_digest = b""
            with suppress(OSError):  # then there is no token until the daemon starts again
                self._keep(_fresh())
        elif not await self._password_fits(secret):
            return None
        cookie = _fresh()
        while len(self._open) >= SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        self._open[_digest(cookie)] = Session(_fresh(), self._uptime_s() + self._lasts_s)
        return cookie

    def of(self, cookie: str) -> Session | None:
        """The session that ``cookie`` belongs to, unless it is over."""
        session = self._open.get(_digest(cookie))
        if session is None or session.ends_at_s <= self._uptime_s():
            return None
        return session

    def end(self, cookie: str) -> None:
        self._open.pop(_digest(cookie), None)

    def close(self) -> None:
        """The daemon stops: nobody is let in any more."""
        self._open.clear()
        self._token_digest = b""
        if self._token_path is not None:
            with suppress(OSError):
                self._token_path.unlink(missing_ok=True)

    async def _password_fits(self, secret: str) -> bool:
        """argon2id takes memory and time, so in a thread, and one at a time."""
        if not self._password_hash:
            return False
        async with self._hashing:
            return await asyncio.to_thread(_fits, self._password_hash, secret)

    def _keep(self, token: str) -> None:
        """Only whoever may read the daemon's files learns the token. Raises OSError."""
        if self._token_path is not None:
            self._token_path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._token_path.with_name(self._token_path.name + ".new")
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(token + "\n", encoding="ascii")
            draft.replace(self._token_path)
        self._token_digest = _digest(token)


def hashed(password: str) -> str:
    """What goes into the profile instead of ``password``: argon2id with its parameters."""
    return nacl.pwhash.argon2id.str(
        password.encode(),
        opslimit=nacl.pwhash.argon2id.OPSLIMIT_MODERATE,
        memlimit=nacl.pwhash.argon2id.MEMLIMIT_INTERACTIVE,
    ).decode()


def _fits(password_hash: str, secret: str) -> bool:
    try:
        return nacl.pwhash.verify(password_hash.encode(), secret.encode())
    except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError):
        return False


def _fresh() -> str:
    return secrets.token_urlsafe(32)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
