"""Plugins for every test; pytest accepts their names only here, at the top."""

from hypothesis import settings

pytest_plugins = ["tests.servers", "tests.database", "tests.chromium", "tests.isolation.world"]

# `make nightly` loads it for the properties that say how often they are tried.
settings.register_profile("nightly", max_examples=100_000, deadline=None, derandomize=False)
