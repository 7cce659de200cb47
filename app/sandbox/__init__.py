"""Programs that play the outside world."""
