"""What can go wrong with the house's ground, each said in one sentence for a person."""


class EmbeddedError(Exception):
    """An embedded server cannot do what was asked; the message says what to do about it."""


class HomeBusy(EmbeddedError):
    """Somebody else already lives in this home."""
