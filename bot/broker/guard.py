"""Whether the other side is a paper account.

Knows no settings that could switch it off: there are none.
"""

import re
from collections.abc import Sequence

LIVE_PORTS = frozenset({4001, 4003, 7496})
_PAPER_ACCOUNT = re.compile(r"DU\d+", re.ASCII)


def live_reason(port: int, accounts: Sequence[str], pinned: str) -> str | None:
    """Why this must not be traded on, or ``None`` when it is certainly paper.

    All of ``accounts`` must be paper accounts (DU and digits: nothing else is certain to be one),
    and one of them ``pinned`` if that is not empty. No account at all proves nothing and is
    refused.
    """
    if port in LIVE_PORTS:
        return f"port {port} belongs to live trading"
    if not accounts:
        return "the gateway named no account"
    for account in accounts:
        if not _PAPER_ACCOUNT.fullmatch(account):
            return f"{account or 'an account without a name'} is not a paper account"
    if pinned and pinned not in accounts:
        return f"the gateway does not manage the pinned account {pinned}"
    return None
