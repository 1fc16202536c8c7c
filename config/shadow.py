"""The section of the profile about books on paper."""

from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from config.section import Section
from engine.shadow.venue import PaperFills

BookName: TypeAlias = Literal["U", "Hd", "Hd-static", "Hd-premium", "U-ungated", "CNDR", "VXTH"]


class ShadowSettings(Section):
    """Books on paper beside the live one: same quotes, other rules. They never send an order."""

    enabled: bool = Field(default=False, description="run them; the paper profile does")
    books: tuple[BookName, ...] = Field(
        ("U", "Hd-static", "Hd-premium", "U-ungated", "CNDR", "VXTH"),
        description="which; docs/shadow.md says what each is",
    )
    lines_max: int = Field(
        12, ge=0, le=100, description="market-data lines they may use beyond the live book's"
    )
    cost_calm: float = Field(
        0.06, gt=0, lt=1, description="share of a package's mid that a fill inside the spread costs"
    )
    cost_high: float = Field(
        0.13, gt=0, lt=1, description="the same while VIX is high or the regime is unknown"
    )
    spread_share: float = Field(
        0.25, gt=0, le=1, description="or this share of its half-spread, where that is less"
    )
    commission_usd: Decimal = Field(
        Decimal("1.25"), ge=0, description="per contract, until the live book has paid any"
    )

    @property
    def fills(self) -> PaperFills:
        return PaperFills(
            self.cost_calm, self.cost_high, self.spread_share, commission_usd=self.commission_usd
        )

    @model_validator(mode="after")
    def _told_apart(self) -> "ShadowSettings":
        if len(set(self.books)) < len(self.books):
            raise ValueError("a book is named twice")
        if self.cost_calm > self.cost_high:
            raise ValueError("cost_calm must not be above cost_high")
        return self
