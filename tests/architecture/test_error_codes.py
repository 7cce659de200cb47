"""Every error has a code of its own, words for people in both languages, and a line in docs/errors.md."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import domain, flows, foundation, web
from app.foundation.errors import ProductError
from app.web.answers import STATUS, status_of
from app.web.wording import TEXTS

ROOT = Path(__file__).parents[2]
LISTED = dict(
    re.findall(r"^\| `(\w+)` \| \w+ \| (\d+) \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
)


def everything() -> list[type[ProductError]]:
    for floor in (domain, flows, foundation, web):
        for module in pkgutil.walk_packages(floor.__path__, f"{floor.__name__}."):
            importlib.import_module(module.name)
    return sorted(
        {found for found in below(ProductError) if found.__module__.startswith("app.")},
        key=lambda one: one.code,
    )


def below(kind: type[ProductError]) -> Iterator[type[ProductError]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


ERRORS = everything()


def test_no_two_errors_share_a_code():
    codes = [error.code for error in ERRORS]
    assert sorted(set(codes)) == codes


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_says_its_promise_and_its_kind(error):
    assert error.__doc__
    assert error.kind in STATUS


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_has_words_for_people(error):
    assert error.code in TEXTS


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_is_in_the_list_with_its_status(error):
    assert LISTED.get(error.code) == str(status_of(error))


def test_the_list_names_no_error_that_is_gone():
    assert set(LISTED) - {error.code for error in ERRORS} == {"bug"}
