"""What a brand or a distributor sees of its money; each console hangs these pages under its own door."""

from flask import Blueprint

from app.web.money import earnings, one, statements


def hang_under(blueprint: Blueprint) -> None:
    """Add the pages of earnings and statements to a console."""
    earnings.hang_under(blueprint)
    one.hang_under(blueprint)
    statements.hang_under(blueprint)
