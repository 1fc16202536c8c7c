"""All parameters of the core in one frozen value, and the fingerprint by which a journal names
them.
"""

from dataclasses import dataclass, field
from hashlib import sha256

from domain.proposals import Allowance
from domain.releases import ReleaseCalendar
from domain.rulesets import NO_RULES, Ruleset
from domain.signals import External
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from risk.signals.parameters import SignalParams
from strategies.iron_condor.parameters import IronCondorParams


@dataclass(frozen=True, slots=True)
class Policy:
    condor: IronCondorParams = field(default_factory=IronCondorParams)
    hedge: HedgeParams = field(default_factory=HedgeParams)
    limits: RiskLimits = field(default_factory=RiskLimits)
    regime: RegimeParams = field(default_factory=RegimeParams)
    signals: SignalParams = field(default_factory=SignalParams)
    releases: ReleaseCalendar = field(default_factory=ReleaseCalendar)
    external: External = field(default_factory=External)
    rules: Ruleset = NO_RULES

    @property
    def allowance(self) -> Allowance:
        """What the limits leave to the strategies."""
        limits = self.limits
        return Allowance(
            limits.condors_max,
            limits.max_loss_share_entry,
            limits.max_loss_share_total,
            limits.excess_liquidity_min,
            limits.liquidity_for_s,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical text of every parameter, as hex: equal policies, equal text."""
        return sha256(repr(self).encode()).hexdigest()
