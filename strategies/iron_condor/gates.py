"""Everything that must hold before a condor is opened, whatever its strikes: each gate with its
value, its limit and the age of its datum. Methodology 4.2.

All gates are judged every time. Entry acts on the same list that explanations show, so the two
cannot differ. Refuses to know the candidate's legs: ``candidate`` judges those.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from domain.desk import Desk, Regime
from domain.gates import Gate
from domain.instruments import VIX, Contract
from domain.orders import DenialCode, Purpose
from domain.proposals import Allowance
from domain.quick_ratio import quick_ratio, working_entry_risk
from domain.releases import ReleaseCalendar, blackout
from domain.session import at_new_york
from domain.signals import Signal
from strategies.iron_condor.parameters import IronCondorParams
from strategies.iron_condor.tiers import tier, vix_average

TOPIC: Final = "condor.entry"
WINDOW: Final = "window"

# Whether gates are judged far enough, given the first that is shut.
Enough: TypeAlias = Callable[[Gate | None], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """What entry may look at."""

    desk: Desk
    params: IronCondorParams
    allowance: Allowance
    releases: ReleaseCalendar

    @property
    def opens_at(self) -> datetime:
        return at_new_york(self.desk.today, self.params.entry_from)

    @property
    def shuts_at(self) -> datetime:
        return at_new_york(self.desk.today, self.params.entry_until)


def everything(_shut: Gate | None) -> bool:
    """For those who want to see every gate: nothing is enough."""
    return False


def desk_gates(entry: Entry, enough: Enough = everything) -> tuple[Gate, ...]:
    """Every gate that needs no candidate, in the order in which they are named as the reason; none
    beyond the first that is shut, the window apart, when that is ``enough``.
    """
    found: list[Gate] = []
    for judge in _GATES:
        found.append(judge(entry))
        shut = not found[-1].open and found[-1].name != WINDOW
        if shut and enough(first_shut(found)):
            break
    return tuple(found)


def first_shut(gates: Iterable[Gate]) -> Gate | None:
    """The reason why nothing is opened; None when every gate is open."""
    return next((gate for gate in gates if not gate.open), None)


def gate(
    name: str,
    rule: str,
    is_open: bool | None,  # noqa: FBT001  (the third fact of every gate reads best in its place)
    text: str,
    *,
    reason: str,
    denial: DenialCode | None = None,
    value: float | None = None,
    limit: float | None = None,
    age_s: float | None = None,
) -> Gate:
    """A gate of the entry; ``reason`` and ``denial`` are kept only where it is not open."""
    shut = not is_open
    return Gate(
        TOPIC,
        name,
        rule,
        is_open,
        text,
        value,
        limit,
        age_s,
        reason if shut else "",
        denial if shut else None,
    )


def _window(entry: Entry) -> Gate:
    desk, params = entry.desk, entry.params
    session = desk.calendar.is_session(desk.today)
    opens, shuts = entry.opens_at, entry.shuts_at
    return gate(
        WINDOW,
        "4.2.window",
        session and desk.calendar.is_open(desk.now) and opens <= desk.now < shuts,
        f"New York time from {params.entry_from:%H:%M:%S} to {params.entry_until:%H:%M:%S}",
        reason="outside the entry window" if session else "no session today",
    )


def _regime(entry: Entry) -> Gate:
    regime = entry.desk.regime.regime
    known = regime is not Regime.UNKNOWN
    return gate(
        "regime",
        "4.1.regime",
        regime in (Regime.LOW, Regime.NORMAL) if known else None,
        "VIX regime low or normal; VIX points",
        reason=f"regime {regime}",
        denial=DenialCode.REGIME_BLOCKS_ENTRY if known else DenialCode.REGIME_UNKNOWN,
        value=entry.desk.level(VIX),
        age_s=_age(entry.desk, VIX),
    )


def _stress(entry: Entry) -> Gate:
    reading = entry.desk.memory.signals.get(Signal.STRESS)
    score = None if reading is None else reading.value
    at = None if reading is None else reading.at
    limit = entry.params.stress_blocks
    return gate(
        "stress",
        "4.1.stress",
        None if score is None else score < limit,
        f"stress score below {limit:g}; count of stressed signals, 0 to 7",
        reason="stress score unknown" if score is None else "stress score too high",
        denial=DenialCode.REGIME_UNKNOWN if score is None else DenialCode.STRESS_HIGH,
        value=score,
        limit=limit,
        age_s=None if at is None else (entry.desk.now - at).total_seconds(),
    )


def _blackout(entry: Entry) -> Gate:
    """A kind of release nobody knows the dates of shuts the gate as much as one that is due."""
    desk, params = entry.desk, entry.params
    unknown = [kind for kind in entry.releases.unknown(desk.now) if kind in params.blackout]
    due = blackout(
        entry.releases,
        desk.calendar,
        desk.now,
        params.blackout_from,
        params.blackout_after_min,
        params.blackout,
    )
    reason = f"dates of {unknown[0]} unknown" if unknown else "a release is due or just came"
    return gate(
        "blackout",
        "4.2.blackout",
        None if unknown else due is None,
        f"no release ({', '.join(params.blackout) or 'none watched'}) from"
        f" {params.blackout_from:%H:%M} of the session before until"
        f" {params.blackout_after_min:g} minutes after; minutes to the release",
        reason=f"blackout around {due.kind}" if due is not None and not unknown else reason,
        denial=DenialCode.BLACKOUT,
        value=None if due is None else (due.at - desk.now).total_seconds() / 60.0,
    )


def _spacing(entry: Entry) -> Gate:
    desk, least = entry.desk, entry.params.spacing_sessions
    last = desk.book.last_entry_on
    passed = None if last is None else desk.calendar.sessions_after(last, desk.today)
    return gate(
        "spacing",
        "4.2.spacing",
        passed is None or passed >= least,
        f"at least {least} sessions since the last entry; sessions",
        reason="too soon after the last entry",
        denial=DenialCode.ENTRY_SPACING,
        value=None if passed is None else float(passed),
        limit=float(least),
    )


def _ceiling(entry: Entry) -> Gate:
    vix, limit = entry.desk.level(VIX), entry.params.vix_ceiling
    return gate(
        "vix_ceiling",
        "4.2.tier",
        None if vix is None else vix < limit,
        f"VIX below {limit:g}; VIX points",
        reason="VIX unknown" if vix is None else "VIX at the ceiling",
        denial=DenialCode.QUOTE_MISSING if vix is None else DenialCode.REGIME_BLOCKS_ENTRY,
        value=vix,
        limit=limit,
        age_s=_age(entry.desk, VIX),
    )


def _count(entry: Entry) -> Gate:
    held, most = len(entry.desk.live_condors), entry.allowance.condors_max
    return gate(
        "count",
        "4.7.count",
        held < most,
        f"fewer than {most} condors open; condors",
        reason="enough condors are open",
        denial=DenialCode.CONDOR_COUNT_LIMIT,
        value=float(held),
        limit=float(most),
    )


def _working(entry: Entry) -> Gate:
    working = sum(o.intent.purpose is Purpose.OPEN_CONDOR for o in entry.desk.working)
    return gate(
        "working",
        "4.2.entry",
        not working,
        "no entry at work; orders",
        reason="an entry is working",
        denial=DenialCode.ORDER_WORKING,
        value=float(working),
        limit=1.0,
    )


def _retry(entry: Entry) -> Gate:
    desk, wait = entry.desk, entry.params.retry_after_s
    tries = [
        order.created_at
        for order in desk.orders.values()
        if order.intent.purpose is Purpose.OPEN_CONDOR
    ]
    passed = (desk.now - max(tries)).total_seconds() if tries else None
    return gate(
        "retry",
        "4.2.entry",
        passed is None or passed >= wait,
        f"at least {wait:g} seconds since the last order to open; seconds",
        reason="waiting after an entry that did not fill",
        denial=DenialCode.ENTRY_SPACING,
        value=passed,
        limit=wait,
    )


def _allocation(entry: Entry) -> Gate:
    """Judges only whether any room is left; whether the candidate fits in it is sizing's answer."""
    desk, limit = entry.desk, entry.allowance.max_loss_share_total
    total = desk.account.net_liquidation
    at_risk = sum((c.max_loss_usd for c in desk.live_condors), Decimal(0))
    at_risk += working_entry_risk(desk)
    share = float(at_risk / total) if total is not None and total > 0 else None
    return gate(
        "allocation",
        "4.2.size",
        None if share is None else share < limit,
        f"maximum losses together below {limit:.0%} of net liquidation; share",
        reason="net liquidation unknown" if share is None else "the allocation is used up",
        denial=DenialCode.MARGIN_FLOOR if share is None else DenialCode.MAX_LOSS_LIMIT,
        value=share,
        limit=limit,
    )


def _quick_ratio(entry: Entry) -> Gate:
    ratio, least = quick_ratio(entry.desk), entry.params.quick_ratio_min
    return gate(
        "quick_ratio",
        "S43",
        None if ratio is None else ratio >= least,
        f"cash and hedge at the bid at least {least:g} times the margin; ratio",
        reason="account values missing" if ratio is None else "quick ratio too low",
        denial=DenialCode.MARGIN_FLOOR,
        value=ratio,
        limit=least,
    )


def _excess(entry: Entry) -> Gate:
    account, least = entry.desk.account, entry.allowance.excess_liquidity_min
    excess, total = account.excess_liquidity, account.net_liquidation
    share = None if excess is None or not total else float(excess / total)
    return gate(
        "excess_liquidity",
        "4.3.margin",
        None if share is None else share >= least,
        f"excess liquidity at least {least:.0%} of net liquidation; share",
        reason="account values missing" if share is None else "excess liquidity too low",
        denial=DenialCode.MARGIN_FLOOR,
        value=share,
        limit=least,
    )


def _tier(entry: Entry) -> Gate:
    """With VIX at the ceiling there is no tier either, which the gate of the ceiling says."""
    desk, params = entry.desk, entry.params
    average = vix_average(desk, params)
    return gate(
        "tier",
        "4.2.tier",
        None if average is None else tier(desk, params) is not None,
        f"a tier for VIX against its average of {params.average_sessions} closes; VIX points",
        reason="chain or VIX average missing" if average is None else "no tier at this VIX",
        denial=DenialCode.QUOTE_MISSING if average is None else DenialCode.REGIME_BLOCKS_ENTRY,
        value=desk.level(VIX),
        limit=average,
        age_s=_age(desk, VIX),
    )


def _age(desk: Desk, contract: Contract) -> float | None:
    quote = desk.quote(contract)
    return None if quote is None else quote.age_s(desk.now)


_Judge: TypeAlias = Callable[[Entry], Gate]
_GATES: Final[tuple[_Judge, ...]] = (
    _window,
    _regime,
    _stress,
    _blackout,
    _spacing,
    _ceiling,
    _count,
    _working,
    _retry,
    _allocation,
    _quick_ratio,
    _excess,
    _tier,
)
