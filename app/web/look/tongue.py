"""Chinese on an English page, marked as Chinese: for those who hear the page, and for the right shapes of signs."""

import re

from markupsafe import Markup, escape

CHINESE = re.compile(
    "[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]*[\u3400-\u4dbf\u4e00-\u9fff][\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef0-9]*"
)


def marked(words: object, page_language: str) -> Markup:
    """Words for a page, escaped, with whatever is Chinese in them in `<span lang="zh">` where the page is not."""
    safe = escape(words)
    if page_language.startswith("zh") or not CHINESE.search(safe):
        return safe
    return Markup(CHINESE.sub(lambda found: f'<span lang="zh">{found[0]}</span>', safe))  # noqa: S704 - escaped above
