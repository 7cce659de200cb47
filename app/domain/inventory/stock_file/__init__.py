"""Read the codes out of whatever file a brand has: CSV, XLSX, TXT or a paste.

Every physical line becomes a Good or a Malformed one, in order, and a broken
line never touches its neighbours. Nothing here keeps or prints a secret.
"""

from app.domain.inventory.stock_file.layout import Choices, Layout, Separator
from app.domain.inventory.stock_file.lines import FileUnreadable, Good, Line, Malformed, Reason
from app.domain.inventory.stock_file.preview import Preview, PreviewLine, preview
from app.domain.inventory.stock_file.reading import StockFile, open_stock_file

__all__ = [
    "Choices",
    "FileUnreadable",
    "Good",
    "Layout",
    "Line",
    "Malformed",
    "Preview",
    "PreviewLine",
    "Reason",
    "Separator",
    "StockFile",
    "open_stock_file",
    "preview",
]
