"""Whose money is looked at: a brand's or a distributor's."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Firm:
    """The owner of accounts; exactly one of the ids is set."""

    brand_id: int | None = None
    distributor_id: int | None = None

    @property
    def kind(self) -> str:
        return "brand" if self.brand_id is not None else "distributor"

    @property
    def id(self) -> int:
        return self.brand_id if self.brand_id is not None else self.distributor_id or 0

    def owns(self, table: Any) -> ColumnElement[bool]:
        """The condition that rows of a table are this firm's; it uses the index of their owner."""
        column = table.brand_id if self.brand_id is not None else table.distributor_id
        return column == self.id  # type: ignore[no-any-return]  # a column of any table

    def ids(self) -> dict[str, int | None]:
        return {"brand_id": self.brand_id, "distributor_id": self.distributor_id}
