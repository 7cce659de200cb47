"""Who does it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program that changes something; `kind` is buyer, staff, system, gateway or supplier."""

    kind: str
    id: int | None = None
    name: str = ""
    ip: str | None = None
    device: str | None = None
    request_id: str | None = None


SYSTEM = Actor("system", name="perkline")
