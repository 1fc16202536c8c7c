"""An operator's request to halt or reduce, as a file: it works while broker, MQTT and web are down.

While the file is there nothing is opened, heard or not; what stands in it becomes an event once. A
file that cannot be read is a halt.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from domain.events import HaltRequested, ReduceRequested


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``condorbot halt`` and ``condorbot reduce`` write."""

    state: Literal["halt", "reduce"]
    who: str
    why: str
    at: datetime


class ControlFile:
    """``news`` tells each request once per life of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: bytes | None = None

    @property
    def present(self) -> bool:
        """Also when it cannot be looked at for another reason than that it is not there."""
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def objection(self) -> str | None:
        """What the send gate asks before anything is opened."""
        return f"{self.path} is there" if self.present else None

    def news(self, now: datetime) -> HaltRequested | ReduceRequested | None:
        """A request not told before, at time ``now``."""
        if not self.present:
            self._seen = None
            return None
        try:
            body = self.path.read_bytes()
            request = msgspec.json.decode(body, type=Request)
        except (OSError, msgspec.MsgspecError) as error:
            body, request = str(error).encode(), None
        if body == self._seen:
            return None
        self._seen = body
        if request is None:
            return HaltRequested(now, "operator", f"{self.path} cannot be read: {body.decode()}")
        kind = HaltRequested if request.state == "halt" else ReduceRequested
        return kind(now, request.who, request.why)

    def write(self, request: Request) -> None:
        """Whole or not at all. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".new")
        draft.write_bytes(msgspec.json.encode(request))
        draft.replace(self.path)

    def clear(self) -> None:
        """The operator resumes. Raises OSError."""
        self.path.unlink(missing_ok=True)
        self._seen = None
