"""`_()` for templates, without looking the catalogues up again for every word of every page.

Jinja's own new-style gettext formats and wraps each answer; a page asks some fifty
times, so that was a third of drawing one. The rules are the same: `%(name)s` takes
named values, which are escaped where the template escapes, and `%%` is a per cent sign.
"""

from flask_babel import get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

_known: dict[str, dict[str, Markup]] = {}


def locale_here() -> str:
    """The language of the page being drawn; English where nobody asks."""
    return str(get_locale() or "en")


@pass_eval_context
def gettext(context: EvalContext, words: str, /, **values: object) -> str:
    """The sentence in the reader's language, with its values put in."""
    language = _known.setdefault(locale_here(), {})
    known = language.get(words)
    if known is None:
        known = language[words] = Markup(get_translations().ugettext(words))  # noqa: S704 - our own words
    if "%" not in known:
        return known
    return known % values if context.autoescape else str(known) % values
