"""What can go wrong with stock."""

from app.foundation.errors import Kind, ProductError


class StockExhausted(ProductError):
    """There is not enough of a Sku (`sku_id`, `wanted`, `available`)."""

    code, kind = "stock_exhausted", Kind.EXHAUSTED


class FileTooLarge(ProductError):
    """A stock file is larger than `megabytes`; it can be sent in parts."""

    code, kind = "stock_file_too_large", Kind.INVALID


class UploadGone(ProductError):
    """The uploaded file is no longer kept: its codes are in, or the import was cancelled."""

    code, kind = "stock_upload_gone", Kind.CONFLICT


class NotPooled(ProductError):
    """The Sku keeps no codes: its delivery kind is counted or made on demand."""

    code, kind = "sku_keeps_no_codes", Kind.INVALID
