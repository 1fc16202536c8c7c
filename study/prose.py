"""What a report says in words: how it was done, where it ends, what it leaves out."""

from sim.exchange.matching import FillSettings
from sim.exchange.widths import WIDTHS
from sim.gateway.settings import Commissions
from study.bootstrap import LEVEL, REPLICATIONS
from study.schedule import MARKS_A_DAY
from study.verdicts import EPISODES_MIN


def _paragraphs(text: str) -> tuple[str, ...]:
    """One text per paragraph, its lines joined."""
    return tuple(" ".join(block.split()) for block in text.strip().split("\n\n"))


def _share(value: float) -> str:
    return f"{100 * value:g} %"


_FILLS = FillSettings()
_REACH = f"{100 * _FILLS.hidden_from:g} to {100 * _FILLS.hidden_to:g} %"

METHOD = _paragraphs(f"""
Every decision is made by the same engine that trades on a paper account. The books differ in
parameters only; all see the same quotes at the same instants.

The engine is woken at the times its rules name (09:31, 09:36, 10:00, 10:55, 11:00, 13:30, 14:00,
14:45, 15:00, the close) and at {MARKS_A_DAY} marks spread over the day; every minute while orders
are moved or candidates are not yet quoted, and five minutes after a mark that needs a second one.
The daemon marks every five minutes: a stop that is touched between two marks and taken back is not
seen here.

Where the data have five-minute bars of the index or its fund for a whole session, the day follows
them, within a bar the extreme further from its open first. Elsewhere the course between open, high,
low and close is drawn from the seed, and the extreme further from the open comes first unless the
day ran one way: a stop is met before the better price.

SPX options are quoted on a surface from VIX9D, VIX, VIX3M, VIX6M and SKEW, its eight numbers fitted
to recorded chains; VIX options on the futures of the day, their volatility from VVIX by tenor.

Half-spreads of VIX options are {_share(WIDTHS.vix_half_calm)} of a 30-delta call's premium up to
VIX {WIDTHS.vix_elevated:g}, {_share(WIDTHS.vix_half_high)} from VIX {WIDTHS.vix_high:g} on and a
straight line between; other strikes by the root of what they are worth beside it, and more by what
is in the money. SPX widths grow with the power {WIDTHS.spx_stress_power:g} of VIX over
{WIDTHS.spx_calm_vix:g}, up to {WIDTHS.spx_stress_max:g} times. Prices lie on ticks, outwards.

An order fills as in the simulated market: at the quoted side, or between mid and quote, {_REACH} of
the half-spread away from mid, where a seeded counterparty stands; a market order pays the quoted
side and up to {_FILLS.market_slippage_ticks_max} ticks more. The same order of two books meets the
same counterparty. Commission and exchange fees are {Commissions().index_option} USD a contract.
Expired options are paid in cash.

Daily results are marked at mid at the close. Every book is shown as excess over cash: interest is
in no result and no verdict, and shown apart where the data have bill yields. 1,000,000 USD to begin
with.

Intervals hold {LEVEL:.0%}: percentiles of {REPLICATIONS} stationary bootstrap resamples of paired
days, mean block length chosen from the data. Within a regime the days of that regime are joined end
to end.

An episode begins with the first close at or above VIX 30 once the one before has calmed. It is
measured from ten sessions before to the first close below 20, or 60 sessions after its last close
at 30. Episodes in which both books were flat decide nothing.

A claim about spikes is never decided on fewer than {EPISODES_MIN} independent episodes.
""")

LIMITS = _paragraphs("""
Option prices are a model. It was fitted to chains of early 2018 and spring 2019 only; the furthest
puts are one to three volatility points too cheap, so that the VIX of the modelled chain lies 4 to 7
percent below VIX. The days on which quotes broke are smoother here than they were.

VIX options of one recorded day are all there is to compare with: their smile is the same in every
year.

Without five-minute bars only open, high, low and close of a day are real. VIX follows the index
within every day.

SPXW is taken to list today's expirations in every year. Before 2016 most of them did not exist.

Above VIX 20 the default rules open no condor, so that on many days above 30 there is little left to
hedge: the volatility of those days is that of few positions.

Spikes are rare and come in clusters. The number of episodes, not of days, bounds what can be known.
""")

MISSING = _paragraphs("""
Parameter sweeps with their probability of overfitting, and stress paths, have commands of their
own: sweep and stress.
""")

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d2329;background:#fff;margin:0}
main{max-width:920px;margin:0 auto;padding:24px}h1{font-size:26px}h2{margin-top:36px}
table{border-collapse:collapse;font-size:13px;width:100%}.wide{overflow-x:auto}
td,th{border-bottom:1px solid #dde1e6;padding:5px 8px;text-align:left;vertical-align:top}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:10px}
.numbers div{border:1px solid #dde1e6;border-radius:6px;padding:10px}
.numbers b{display:block;font-size:16px}.numbers span{font-size:12px;color:#5a636e}
em{font-style:normal;font-weight:bold}.supported{color:#2f6b2f}.not-supported{color:#a33a2a}
.undecidable{color:#7a6a1a}figure{margin:20px 0}svg{width:100%;height:auto}
svg text{font:11px system-ui,sans-serif}svg .grid{stroke:#e6e9ed}
svg .year{fill:#8a8f98}.small{font-size:12px;color:#5a636e}
@media print{h2{break-after:avoid}figure{break-inside:avoid}}
"""
