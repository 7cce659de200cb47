"""The house is as it says: settings and rooms documented, modules short, imports at the top."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from app.config import ROOT, Settings, load

LONGEST = 400
LONGER = {"tests/gallery/samples.py": "one page's sample data after another, to look at and not to read"}
SOURCES = sorted(
    path for folder in ("app", "tenants", "scripts", "tests") for path in (ROOT / folder).rglob("*.py")
)
SERVING = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in {"app", "tenants"}]
ROOMS = sorted(path.parent for path in (ROOT / "app" / "domain").glob("*/models.py"))
IN_ENVIRONMENT = {"home": "PERKLINE_HOME"}


EXAMPLES = {
    "PORT": "9000", "PUBLIC_PORT": "443", "SCHEME": "https", "AUTO_APPROVE": "1", "CHECKOUT_MINUTES": "7", "MAX_OPEN_ORDERS": "9",
    "MAX_OPEN_ORDERS_PER_ADDRESS": "8", "MAX_PIECES_PER_ADDRESS": "7", "CHECKOUTS_PER_ADDRESS": "0",
    "PAYOUT_EVERY": "monthly", "PAYOUT_DAY": "9", "TRUSTED_PROXIES": "2", "WEB_WORKERS": "5", "WEB_THREADS": "6",
    "LEAST_CHARGES": "CNY=7", "DATABASE_URL": "postgresql://own@/a", "DATABASE_APP_URL": "postgresql://app@/a",
}  # fmt: skip
LEAST = {"DATABASE_URL": "postgresql://x@/x", "REDIS_URL": "redis://x", "SECRET_KEY": "x", "MASTER_KEYS": "x"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def local_imports(words: str) -> list[int]:
    """Lines of imports inside a function."""
    tree = ast.parse(words)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = (inner for function in functions for inner in ast.walk(function))
    return sorted({inner.lineno for inner in inside if isinstance(inner, ast.Import | ast.ImportFrom)})


def test_every_setting_is_in_the_list_of_settings():
    listed = set(
        re.findall(r"^\| `([A-Z_]+)` ", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.MULTILINE)
    )
    known = {IN_ENVIRONMENT.get(field.name, field.name.upper()) for field in dataclasses.fields(Settings)}
    assert listed == known


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_is_read_from_the_environment(field: str):
    variable = IN_ENVIRONMENT.get(field, field.upper())
    whole_number = type(getattr(load(LEAST), field)) is int
    given = load(LEAST | {variable: EXAMPLES.get(variable, "77" if whole_number else "another")})
    assert getattr(given, field) != getattr(load(LEAST), field)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_with_tables_says_its_promise_words_and_invariants(room: Path):
    readme = room / "README.md"
    assert readme.exists()
    words = readme.read_text("utf-8")
    for part in ("Promise", "Words", "Invariants"):
        assert f"**{part}" in words, part


@pytest.mark.parametrize("path", SERVING, ids=name_of)
def test_no_import_hides_inside_a_function(path: Path):
    assert local_imports(path.read_text("utf-8")) == []


def test_a_hidden_import_is_noticed():
    """The twin."""
    assert local_imports("import os\ndef f():\n    if True:\n        from app import x\n") == [4]


def test_no_module_is_longer_than_four_hundred_lines():
    too_long = {name_of(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > LONGEST}
    assert too_long == set(LONGER)


def test_no_module_has_a_name_that_says_nothing():
    nothing = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert [
        name_of(path) for path in SOURCES if nothing & set(path.with_suffix("").relative_to(ROOT).parts)
    ] == []
