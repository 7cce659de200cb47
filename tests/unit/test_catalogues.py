"""Chinese is complete: no visitor meets an English word that slipped through."""

from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

WEB = Path(__file__).parents[2] / "app" / "web"
SOURCES = {
    "look": ("look", "sandbox", "landing", "answers.py", "wording.py"),
    "storefront": ("storefront",),
    "console": ("console", "brand", "distributor", "platform", "money"),
}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}


def messages_in(part: str) -> set[str]:
    found: set[str] = set()
    start = WEB / part
    for path in [start] if start.is_file() else sorted(start.rglob("*")):
        method = "python" if path.suffix == ".py" else "jinja2"
        if path.suffix == ".py" or ("templates" in path.parts and path.suffix in {".html", ".txt"}):
            rows = extract_from_file(method, path, keywords=KEYWORDS)
            found.update(
                row[1] if isinstance(row[1], str) else row[1][0] for row in rows
            )  # plurals: the first form
    return found


@pytest.mark.parametrize("door", SOURCES)
def test_every_sentence_has_its_chinese(door):
    with (WEB / door / "translations/zh_Hans/LC_MESSAGES/messages.po").open("rb") as po:
        catalogue = read_po(po, locale="zh_Hans")
    wanted = set().union(*(messages_in(part) for part in SOURCES[door]))
    told = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.string
    }
    if door == "console":  # it stands on the look's own words
        told |= said_by("look")
    assert sorted(wanted - told) == []


def said_by(door: str) -> set[str]:
    with (WEB / door / "translations/zh_Hans/LC_MESSAGES/messages.po").open("rb") as po:
        found = [message.id for message in read_po(po, locale="zh_Hans") if message.id and message.string]
    return {words if isinstance(words, str) else words[0] for words in found}


@pytest.mark.parametrize("door", SOURCES)
def test_a_translation_names_the_same_values_as_its_sentence(door):
    with (WEB / door / "translations/zh_Hans/LC_MESSAGES/messages.po").open("rb") as po:
        catalogue = read_po(po, locale="zh_Hans")
    assert [message.id for message in catalogue if list(message.check())] == []
