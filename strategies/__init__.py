"""Propose trades; know nothing of limits or of each other."""

from typing import Final

from strategies.iron_condor import IronCondorStrategy

STRATEGIES: Final = {"iron_condor": IronCondorStrategy}
