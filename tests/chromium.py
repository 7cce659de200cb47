"""A real Chromium for tests marked `browser`."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; make a context of your own in it. It knows `*.localhost` by itself."""
    chromium = os.environ.get("CHROMIUM")
    if not chromium:
        pytest.skip("there is no Chromium: set CHROMIUM to its path, or use `make test`, which finds it")
    with sync_playwright() as play:
        # Chromium refuses its own sandbox as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = play.chromium.launch(executable_path=chromium, args=arguments)
        yield found
        found.close()
