"""What stops a set-up, as one sentence for the person who started it."""


class Trouble(Exception):
    """Set-up cannot go on; the message says what to do."""
