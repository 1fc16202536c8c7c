"""Importers of option chains: Cboe's delayed quotes, end-of-day vendors' tables, LEAN minutes.

A quote that cannot be (crossed, or an ask below nothing) is left out with its row. A bid of zero
is a fact: nobody bids.
"""

import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from domain.session import NEW_YORK
from study.store.imported import Imported
from study.store.prices import Hints
from study.store.reading import Unreadable, day, needed, number, rows_of
from study.store.tables import Part, Table

_OSI = re.compile(r"([A-Z]+)(\d{6})([CP])(\d{8})")
_LAST = re.compile(r"Last: ([\d.]+)")
_DATED = re.compile(r"Date: (\w+ \d{1,2},? \d{4})")
_LEAN = re.compile(r"(\d{8})_(\w+)_minute_quote_european_(call|put)_(\d+)_(\d{8})\.csv")
_LEAN_SCALE = 10_000
_LEAN_COLUMNS = 11
_LEAN_BID, _LEAN_ASK = 4, 9  # the closing bid and ask of the minute


def quote_data(path: Path, text: str, hints: Hints) -> Imported:
    """Cboe's delayed-quotes download: three lines of preamble, calls and puts side by side.

    Raises Unreadable when the preamble names no price or date.
    """
    preamble = "\n".join(text.splitlines()[:3])
    last, dated = _LAST.search(preamble), _DATED.search(preamble)
    if last is None or dated is None:
        raise Unreadable(f"{path.name}: the first lines name no last price and date")
    on = datetime.strptime(f"{dated[1].replace(',', '')} +0000", "%B %d %Y %z").date()
    found = Imported(path.name)
    for line, row in rows_of(text, skipped=3):
        for series, suffix in (("Calls", ""), ("Puts", ".2")):
            names = _OSI.fullmatch(row.get(series, ""))
            if names is None:
                found.error(line, on, f"no option series under {series}")
                continue
            quoted = {"bid": f"Bid{suffix}", "ask": f"Ask{suffix}", "iv": f"IV{suffix}"}
            _add(found, line, on, names, row, quoted, float(last[1]))
    return found


def eod_chain(path: Path, text: str, hints: Hints) -> Imported:
    """One row a contract with optionroot, quotedate, underlying_last, bid and ask."""
    found = Imported(path.name)
    for line, row in rows_of(text):
        names = _OSI.fullmatch(row.get("optionroot", ""))
        try:
            on, last = day(row["quotedate"]), needed(row, "underlying_last")
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        if names is None:
            found.error(line, on, f"no option series: {row.get('optionroot')!r}")
            continue
        quoted = {"bid": "bid", "ask": "ask", "iv": "impliedvol"}
        _add(found, line, on, names, row, quoted, last)
    return found


def sided_chain(path: Path, text: str, hints: Hints) -> Imported:
    """One row a contract with root, expiration, strike and quotes at 15:45; those are taken."""
    found = Imported(path.name)
    for line, row in rows_of(text):
        try:
            on, expiration = day(row["quote_date"]), day(row["expiration"])
            strike, last = needed(row, "strike"), needed(row, "underlying_bid_1545")
            bid, ask = number(row, "bid_1545") or 0.0, number(row, "ask_1545") or 0.0
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        option = {
            "trading_class": row["root"], "expiration": expiration, "right": row["option_type"],
            "strike": strike, "bid": bid, "ask": ask, "underlying": last, "implied_vol": None,
        }  # fmt: skip
        _keep(found, line, on, option)
    return found


def lean_minutes(path: Path) -> Imported:
    """A LEAN archive of one day: one file a contract, milliseconds since New York midnight,
    prices times 10,000. The closing bid and ask of each minute are taken.

    Raises Unreadable for an archive without such a file.
    """
    found = Imported(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                named = _LEAN.fullmatch(name)
                if named is None:
                    found.note(0, None, f"{name} is no file of option minutes")
                    continue
                _add_minutes(found, named, archive.read(name).decode("ascii"))
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError) as trouble:
        raise Unreadable(f"{path.name}: {trouble}") from None
    if not found.rows:
        raise Unreadable(f"{path.name}: holds no option minutes")
    return found


def _add_minutes(found: Imported, named: re.Match[str], text: str) -> None:
    on, expiration = (datetime.strptime(named[i] + "+0000", "%Y%m%d%z").date() for i in (1, 5))
    midnight = datetime(on.year, on.month, on.day, tzinfo=NEW_YORK).astimezone(UTC)
    part = Part(Table.MINUTES, f"{named[2].upper()}-{on}")
    for line, raw in enumerate(text.splitlines(), start=1):
        cells = raw.split(",")
        if len(cells) != _LEAN_COLUMNS:
            wrong = f"{named[0]}: {len(cells)} columns instead of {_LEAN_COLUMNS}"
            found.error(line, on, wrong)
            continue
        try:
            start = midnight + timedelta(milliseconds=int(cells[0]))
            bid, ask = (
                float(cells[i]) / _LEAN_SCALE if cells[i] else None for i in (_LEAN_BID, _LEAN_ASK)
            )
        except ValueError as trouble:
            found.error(line, on, f"{named[0]}: {trouble}")
            continue
        if bid is not None and ask is not None and bid > ask:
            found.error(line, on, f"{named[0]}: bid {bid:g} above ask {ask:g}")
            continue
        option = {"expiration": expiration, "right": "C" if named[3] == "call" else "P",
                  "strike": int(named[4]) / _LEAN_SCALE}  # fmt: skip
        found.add(part, {"start": start, **option, "bid": bid, "ask": ask})


def _add(
    found: Imported,
    line: int,
    on: date,
    names: re.Match[str],
    row: Mapping[str, str],
    quoted: Mapping[str, str],
    last: float,
) -> None:
    try:
        bid, ask = needed(row, quoted["bid"]), needed(row, quoted["ask"])
        vol = number(row, quoted["iv"])
        expiration = datetime.strptime(names[2] + "+0000", "%y%m%d%z").date()
    except ValueError as trouble:
        found.error(line, on, f"{names[0]}: {trouble}")
        return
    option = {
        "trading_class": names[1], "expiration": expiration, "right": names[3],
        "strike": int(names[4]) / 1000, "bid": bid, "ask": ask, "underlying": last,
        "implied_vol": vol or None,
    }  # fmt: skip
    _keep(found, line, on, option)


def _keep(found: Imported, line: int, on: date, option: Mapping[str, object]) -> None:
    bid, ask = option["bid"], option["ask"]
    assert isinstance(bid, float)
    assert isinstance(ask, float)
    if bid < 0 or bid > ask:
        text = f"bid {bid:g}, ask {ask:g}: {'crossed' if bid > ask else 'below nothing'}"
        found.error(line, on, f"{option['right']} {option['strike']:g}: {text}")
        return
    found.add(Part(Table.CHAINS, f"{option['trading_class']}-{on}"), option)
