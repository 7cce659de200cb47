"""`python -m install [--dev]`: bring the checkout to the state its locks describe."""

import sys
import time

from install import bytecode, environment, front_end, packages, redis, translations
from install.places import PLACES
from install.trouble import Trouble


def main(arguments: list[str]) -> int:
    """Do every step whose inputs changed since it last succeeded."""
    began = time.monotonic()
    steps = [environment.make, packages.base, redis.fetch, packages.command]
    if "--dev" in arguments:
        steps.append(packages.dev)
    steps += [front_end.build, translations.compile_all, bytecode.compile_all]
    try:
        done = [step(PLACES) for step in steps]
    except Trouble as trouble:
        print(f"make setup: {trouble}", file=sys.stderr)
        return 1
    if any(done):
        print(f"Set-up finished in {time.monotonic() - began:.0f} s.")
    return 0


sys.exit(main(sys.argv[1:]))
