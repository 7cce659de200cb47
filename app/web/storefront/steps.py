"""The steps that brands write, one a line."""

import re

BULLET = re.compile(r"[-*•]\s+(.+)")
NUMBER = re.compile(r"\d{1,2}[.、)）]\s*(.+)")


def steps(text: str) -> tuple[str, ...]:
    """One step a line, without the number or bullet in front of it."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_bare(line) for line in lines if line)


def _bare(line: str) -> str:
    found = NUMBER.fullmatch(line) or BULLET.fullmatch(line)
    return found.group(1) if found else line
