"""Stripe's own examples of its objects, so that no test rests on our guess of a shape.

The full official file lies beside the checkout where the project keeps its data; a
copy of the objects we need (MIT, licence beside it) makes a lone clone pass too.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "stripe" / "fixtures3.json"
COPY = ROOT / "tests" / "fixtures" / "stripe" / "fixtures3.json"
OFFICIAL = SHARED if SHARED.exists() else COPY


def example(name: str, *, source: Path = OFFICIAL, **changes: Any) -> dict[str, Any]:
    """The official example of an object, with these fields changed; an unknown field is a mistake."""
    found = copy.deepcopy(_resources(source)[name])
    strange = set(changes) - set(found)
    if strange:
        raise KeyError(f"{name} has no {strange}")
    return found | changes


@cache
def _resources(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())["resources"]
