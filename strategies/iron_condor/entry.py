"""When to open a condor, how many, at what price. Methodology 4.2.

Acts on the gates and on nothing else: the first one that is not open is the reason why not.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import isfinite

from domain.desk import Desk
from domain.gates import Gate
from domain.orders import Layer, OrderIntent, Purpose, Walk
from domain.proposals import Allowance, Proposal, Skip
from domain.releases import ReleaseCalendar
from strategies.iron_condor.candidate import Candidate, Terms, candidate
from strategies.iron_condor.gates import TOPIC, WINDOW, Enough, Entry, desk_gates, first_shut
from strategies.iron_condor.parameters import IronCondorParams

RULE = "4.2.entry"
_BEFORE_CLOSE_S = 30.0


@dataclass(frozen=True, slots=True)
class _Judged:
    """Every gate of an entry, in the order in which they are named, and the candidate behind."""

    gates: tuple[Gate, ...]
    candidate: Candidate

    @property
    def shut(self) -> Gate | None:
        return first_shut(self.gates)


def entry_gates(
    desk: Desk, params: IronCondorParams, allowance: Allowance, releases: ReleaseCalendar
) -> tuple[Gate, ...]:
    """Every condition of a new condor as it stands now, open or shut, judged all at once.

    ``propose`` acts on the very same gates. Those that need a candidate are missing while there is
    none, and its quotes are only asked for once all others are open.
    """
    entry = Entry(desk, params, allowance, releases)
    return desk_gates(entry) + candidate(entry).gates


def propose(
    desk: Desk, params: IronCondorParams, allowance: Allowance, releases: ReleaseCalendar
) -> Proposal:
    """One new condor inside the entry window when every gate is open, else the first reason why
    not.

    Shortly before the window nothing is proposed, but candidates are already asked for.
    """
    entry = Entry(desk, params, allowance, releases)
    if not desk.calendar.is_session(desk.today):
        return Proposal()
    scouting_from = entry.opens_at - timedelta(seconds=params.scout_before_s)
    if not scouting_from <= desk.now < entry.shuts_at:
        return Proposal()
    scouting, told = desk.now < entry.opens_at, desk.memory.skips.get(TOPIC)

    def enough(shut: Gate | None) -> bool:
        """A reason given a minute ago is not recorded again, nor is what lies behind it."""
        return scouting or (shut is not None and shut.reason == told)

    judged = _judged(entry, enough)
    found = judged.candidate
    wanted = Proposal(wanted=found.wanted, smile=found.smile, legs=found.legs)
    if scouting:
        return wanted
    shut = judged.shut
    if shut is not None:
        reason = Skip(TOPIC, shut.rule, shut.reason, shut.denial, Layer.CONDOR, _inputs(judged))
        return wanted + Proposal(skips=(reason,))
    assert found.terms is not None
    return wanted + Proposal((_order(desk, judged, found.terms, params),))


def _judged(entry: Entry, enough: Enough) -> _Judged:
    """Data lines and time are scarce: while another gate than the window is shut, which is the
    reason given anyway, no candidate is looked for.
    """
    gates = desk_gates(entry, enough)
    if not all(gate.open for gate in gates if gate.name != WINDOW):
        return _Judged(gates, Candidate(()))
    found = candidate(entry, enough)
    return _Judged(gates + found.gates, found)


def _order(desk: Desk, judged: _Judged, terms: Terms, params: IronCondorParams) -> OrderIntent:
    """An order that has left the market before the regular session ends."""
    level = judged.candidate.tier
    assert level is not None
    left = (desk.calendar.close_at(desk.today) - desk.now).total_seconds() - _BEFORE_CLOSE_S
    return OrderIntent(
        Purpose.OPEN_CONDOR,
        Layer.CONDOR,
        terms.condor.opening,
        terms.quantity,
        terms.limit,
        Walk(
            terms.worst,
            Decimal(str(params.entry_step_pts)),
            params.entry_every_s,
            min(params.give_up_after_s, left),
        ),
        RULE,
        f"{level.name} condor, credit {-terms.market.mid:.2f} of {terms.condor.width:g} wide",
        inputs=_inputs(judged),
    )


def _inputs(judged: _Judged) -> tuple[tuple[str, float], ...]:
    """What the candidate was chosen by, and the value of every gate."""
    values = tuple(
        (f"gate.{gate.name}", gate.value)
        for gate in judged.gates
        if gate.value is not None and isfinite(gate.value)
    )
    return (*judged.candidate.inputs, *values)
