"""The little Markdown that brands write: headings, lists, bold, paragraphs. Everything else is shown as it stands."""

import re

from markupsafe import Markup, escape

HEADING = re.compile(r"#{1,6}\s+(.+)")
BULLET = re.compile(r"[-*•]\s+(.+)")
NUMBER = re.compile(r"\d{1,2}[.、)）]\s*(.+)")
BOLD = re.compile(r"\*\*([^*\n]+)\*\*")


def prose(text: str) -> Markup:
    """Safe HTML: every word is escaped before any tag is put around it."""
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        blocks += _block([line.strip() for line in block.splitlines() if line.strip()])
    return Markup("\n".join(blocks))  # noqa: S704 - escaped line by line below


def steps(text: str) -> tuple[str, ...]:
    """One step a line, without the number or bullet in front of it."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(_bare(line) for line in lines if line)


def _bare(line: str) -> str:
    found = NUMBER.fullmatch(line) or BULLET.fullmatch(line)
    return found.group(1) if found else line


def _block(lines: list[str]) -> list[str]:
    made: list[str] = []
    waiting: list[str] = []
    for line in lines:
        heading = HEADING.fullmatch(line)
        if heading:
            made += [*_paragraphs(waiting), f"<h3>{_inline(heading.group(1))}</h3>"]
            waiting = []
        else:
            waiting.append(line)
    return made + _paragraphs(waiting)


def _paragraphs(lines: list[str]) -> list[str]:
    if not lines:
        return []
    for tag, shape in (("ul", BULLET), ("ol", NUMBER)):
        items = [shape.fullmatch(line) for line in lines]
        if all(items):
            inner = "".join(f"<li>{_inline(item.group(1))}</li>" for item in items if item)
            return [f"<{tag}>{inner}</{tag}>"]
    return ["<p>" + "<br>".join(_inline(line) for line in lines) + "</p>"]


def _inline(text: str) -> str:
    return BOLD.sub(r"<strong>\1</strong>", str(escape(text)))
