"""How many credits a month the budget allows, for the resource monitor.

A monitor is a brake, not a bill: list prices and exchange rates are rounded. Prices: Snowflake's service
consumption table for US regions, US dollars a credit, as of 2026-11-24 (standard 2, enterprise 3,
business-critical 4). Leaves out storage, transfer and serverless features, which no monitor counts.
"""

from __future__ import annotations

from landfall.errors import LandfallError
from landfall.intent import Intent

AS_OF = "2026-11-24"
PRICE = {"standard": 2.0, "enterprise": 3.0, "business-critical": 4.0}
SHARES = {"transform": 0.2, "bi": 0.1}
"""Of the month's budget that each warehouse may spend, by the purpose of its monitor; the rest is the cloud's."""
PER_DOLLAR = {
    "USD": 1.0, "EUR": 0.9, "GBP": 0.8, "CHF": 0.9, "CAD": 1.4, "AUD": 1.5, "NZD": 1.7, "SGD": 1.3,
    "DKK": 7.0, "NOK": 10.0, "SEK": 10.0, "PLN": 4.0, "CZK": 22.0, "JPY": 150.0, "INR": 85.0,
    "BRL": 5.5, "MXN": 19.0, "ZAR": 18.0, "AED": 3.7, "ILS": 3.5,
}  # fmt: skip
"""Units of a currency for a US dollar, rounded."""


def monthly_credits(intent: Intent, edition: str, purpose: str) -> int:
    """Whole credits a month for that warehouse, at least 1; raises LandfallError for a currency without a rate here."""
    assert intent.budget is not None  # the intent's rules ask for one on every cloud
    rate = PER_DOLLAR.get(intent.budget.currency)
    if rate is None:
        raise LandfallError(
            f"There is no rate for {intent.budget.currency}, so the budget cannot be put in credits.",
            so="Snowflake's resource monitor would have no limit.",
            fix="Add the rate to PER_DOLLAR in infra/snowflake/credits.py.",
        )
    return max(1, int(intent.budget.amount * SHARES[purpose] / rate / PRICE[edition]))
