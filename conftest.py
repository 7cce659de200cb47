"""Plugins for every test; pytest accepts their names only here, at the top."""

pytest_plugins = ["tests.servers", "tests.database", "tests.chromium", "tests.isolation.world"]
