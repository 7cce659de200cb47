"""Plugins for every test; pytest accepts their names only here, at the top."""

from hypothesis import settings

pytest_plugins = ["tests.servers", "tests.database", "tests.chromium", "tests.isolation.world"]

# `make nightly` asks for it; a property that asks for more than the usual hundred takes the greater number.
settings.register_profile("nightly", max_examples=100_000, deadline=None)
