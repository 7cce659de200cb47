"""What can go wrong with stock."""

from app.foundation.errors import Kind, ProductError


class StockExhausted(ProductError):
    """There is not enough of a Sku (`sku_id`, `wanted`, `available`)."""

    code, kind = "stock_exhausted", Kind.EXHAUSTED
