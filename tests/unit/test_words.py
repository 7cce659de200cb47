"""Sentences on a page keep what people typed harmless."""

from tests.gallery.rooms import gallery


def drawn(source: str, *, kind: str = "page.html", **values: object) -> str:
    app = gallery()
    with app.test_request_context("/?lang=en"):
        template = app.jinja_env.from_string(source)
        if kind.endswith(".txt"):
            template = app.jinja_env.from_string("{% autoescape false %}" + source + "{% endautoescape %}")
        return template.render(values)


def test_a_value_inside_a_sentence_is_escaped_on_a_page():
    shown = drawn(
        "{% autoescape true %}{{ _('Order %(number)s', number=typed) }}{% endautoescape %}", typed="<b>"
    )
    assert shown == "Order &lt;b&gt;"


def test_a_value_inside_a_mail_s_text_stays_as_it_is():
    assert drawn("{{ _('Order %(number)s', number=typed) }}", kind="mail.txt", typed="A & B") == "Order A & B"


def test_a_sentence_may_name_a_value_words():
    assert "ink" in drawn("{{ _('Search: %(words)s', words='ink') }}")
