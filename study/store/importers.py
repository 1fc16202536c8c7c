"""Which kind of file a file is. One importer per format, recognised by columns, never by contents.

Anything wrong is a finding with file and row; a row with an error is left out, nothing is repaired.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from study.store.chains import eod_chain, lean_minutes, quote_data, sided_chain
from study.store.imported import Imported
from study.store.prices import Hints, cboe_index, cboe_vx, daily_table, ohlc, shiller, vx_table
from study.store.reading import Unreadable, text_of


@dataclass(frozen=True, slots=True)
class Format:
    """``columns`` all stand in the header of such a file, after ``skipped`` lines."""

    name: str
    columns: frozenset[str]
    read: Callable[[Path, str, Hints], Imported]
    skipped: int = 0


# The first that fits is taken: the ones with more columns come first.
FORMATS = (
    Format("daily table", frozenset({"date", "spx_close", "vix_close"}), daily_table),
    Format("VX table", frozenset({"trade_date", "expiry", "settle"}), vx_table),
    Format("Cboe VX contract", frozenset({"Trade Date", "Futures", "Settle"}), cboe_vx),
    Format("Cboe delayed quotes", frozenset({"Calls", "Puts", "Strike"}), quote_data, 3),
    Format("end-of-day chain", frozenset({"optionroot", "quotedate", "bid", "ask"}), eod_chain),
    Format("15:45 chain", frozenset({"root", "bid_1545", "ask_1545"}), sided_chain),
    Format("Shiller's table", frozenset({"Date", "SP500", "PE10"}), shiller),
    Format("Cboe index history", frozenset({"DATE"}), cboe_index),
    Format("plain bars", frozenset({"open", "high", "low", "close"}), ohlc),
)


def read_file(path: Path, hints: Hints | None = None) -> tuple[str, Imported]:
    """The name of the format and what the file says. Raises Unreadable for an unknown format."""
    chosen = hints or Hints()
    if path.suffix == ".zip":
        return "LEAN option minutes", lean_minutes(path)
    text = text_of(path)
    lines = text.splitlines()
    for each in FORMATS:
        header = _columns(lines[each.skipped]) if len(lines) > each.skipped else frozenset()
        wanted = each.columns
        if wanted <= header or (each.read is ohlc and wanted <= {n.lower() for n in header}):
            found = each.read(path, text, chosen)
            return each.name, found
    known = ", ".join(each.name for each in FORMATS)
    shown = ", ".join(sorted(_columns(lines[0]))[:8]) if lines else "nothing"
    raise Unreadable(f"{path.name}: unknown columns ({shown}); known are: {known}, LEAN zip")


def _columns(line: str) -> frozenset[str]:
    return frozenset(name.strip().strip('"') for name in line.split(","))
