"""The account as the lists of key, value and currency that a gateway hands out."""

from decimal import Decimal
from typing import TypeAlias

from domain.instruments import Kind
from sim.gateway.account import Account
from sim.gateway.fields import money

Values: TypeAlias = dict[tuple[str, str], str]  # (key, currency) -> text

_USD, _BASE, _NONE = "USD", "BASE", ""
_BUYING_POWER = 4  # of a Reg-T account intraday, as a multiple of the available funds
LEDGER = (
    "CashBalance", "TotalCashBalance", "StockMarketValue", "OptionMarketValue", "FuturesPNL",
    "NetLiquidationByCurrency", "UnrealizedPnL", "RealizedPnL", "ExchangeRate",
)  # fmt: skip


def account_values(account: Account) -> Values:
    """Everything reqAccountUpdates shows; totals in USD, the ledger in USD and BASE."""
    values: Values = {
        ("AccountCode", _NONE): account.code,
        ("AccountType", _NONE): "INDIVIDUAL",
        ("AccountReady", _NONE): "true",
        ("Currency", _USD): _USD,
        ("Currency", _BASE): _BASE,
        ("RealCurrency", _USD): _USD,
        ("RealCurrency", _BASE): _USD,
    }
    for key, amount in _totals(account).items():
        values[key, _USD] = money(amount)
    values["Cushion", _NONE] = _cushion(account)
    for key, amount in _ledger(account).items():
        text = f"{amount:.8f}" if key == "ExchangeRate" else money(amount)
        values[key, _USD] = values[key, _BASE] = text
    return values


def summary(account: Account, tags: tuple[str, ...]) -> Values:
    """The values asked for; unknown tags are passed over, ``$LEDGER:ALL`` is the ledger."""
    known = account_values(account)
    plain = {tag for tag in tags if not tag.startswith("$")}
    ledger = any(tag.startswith("$LEDGER") for tag in tags)
    return {
        (key, currency): value
        for (key, currency), value in known.items()
        if (key in plain and currency != _BASE) or (ledger and key in LEDGER)
    }


def _totals(account: Account) -> dict[str, Decimal]:
    need = account.requirement()
    equity = account.equity_with_loan
    stock = account.of_kind(Kind.STOCK, lambda p: p.value)
    gross = account.of_kind(Kind.STOCK, lambda p: abs(p.value))
    gross += account.of_kind(Kind.OPTION, lambda p: abs(p.value))
    available, excess = equity - need.initial, equity - need.maintenance
    return {
        "NetLiquidation": account.net_liquidation,
        "TotalCashValue": account.cash,
        "SettledCash": account.cash,
        "AccruedCash": Decimal(0),
        "EquityWithLoanValue": equity,
        "PreviousDayEquityWithLoanValue": account.equity_at_day_start,
        "AvailableFunds": available,
        "ExcessLiquidity": excess,
        "BuyingPower": max(available, Decimal(0)) * _BUYING_POWER,
        "InitMarginReq": need.initial,
        "MaintMarginReq": need.maintenance,
        "FullInitMarginReq": need.initial,
        "FullMaintMarginReq": need.maintenance,
        "FullAvailableFunds": available,
        "FullExcessLiquidity": excess,
        "LookAheadInitMarginReq": need.initial,
        "LookAheadMaintMarginReq": need.maintenance,
        "LookAheadAvailableFunds": available,
        "LookAheadExcessLiquidity": excess,
        "GrossPositionValue": gross,
        "RegTEquity": account.cash + stock,
    }


def _ledger(account: Account) -> dict[str, Decimal]:
    amounts = (
        account.cash,
        account.cash,
        account.of_kind(Kind.STOCK, lambda p: p.value),
        account.of_kind(Kind.OPTION, lambda p: p.value),
        account.of_kind(Kind.FUTURE, lambda p: p.unrealized),
        account.net_liquidation,
        account.unrealized,
        account.realized_today,
        Decimal(1),
    )
    return dict(zip(LEDGER, amounts, strict=True))


def _cushion(account: Account) -> str:
    """Excess liquidity as a share of net liquidation."""
    net = account.net_liquidation
    excess = account.equity_with_loan - account.requirement().maintenance
    return f"{excess / net:.6f}" if net > 0 else "0"
