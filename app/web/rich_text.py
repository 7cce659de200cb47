"""What brands write, as HTML that can do nothing: Markdown in, a few harmless tags out."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {
    "p", "br", "strong", "em", "del", "ul", "ol", "li", "h2", "h3", "h4", "blockquote", "code", "pre", "hr", "a",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
# Raw HTML is shown as text; what the parser makes is cleaned once more all the same.
PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)


@lru_cache(maxsize=2048)
def rich_text(words: str) -> Markup:
    """Markdown as safe HTML; links leave with `nofollow noopener` and only to http(s) and mailto."""
    made = PARSER.render(words.replace("\r\n", "\n"))
    clean = nh3.clean(
        made, tags=TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - cleaned in the line above
