"""What was turned away, counted: floods and slow readers must show somewhere."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

REFUSALS: Final = (400, 401, 403, 413, 421, 429)  # every status the guard refuses with


@dataclass(slots=True)
class Counts:
    """Of one life of the daemon, over all its listeners. ``viewers`` is the present number."""

    refused: Counter[int] = field(default_factory=Counter)  # requests, by status
    dropped: int = 0  # pages that took nothing for too long
    viewers: int = 0
