"""Chinese words on an English page say so."""

import pytest

from app.web.look.tongue import marked


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("双十一", '<span lang="zh">双十一</span>'),
        ("List price ¥30.00 − 双十一 ¥3.00", 'List price ¥30.00 − <span lang="zh">双十一</span> ¥3.00'),
        ("“开业周”", '“<span lang="zh">开业周</span>”'), ("Eleven ¥5", "Eleven ¥5"),
        ("<b>周末</b>", '&lt;b&gt;<span lang="zh">周末</span>&lt;/b&gt;'),
    ],
)  # fmt: skip
def test_chinese_is_marked_on_an_english_page_and_nothing_is_let_through(words, told):
    assert marked(words, "en") == told
    assert 'lang="zh"' not in marked(words, "zh-Hans")
