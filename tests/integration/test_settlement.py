"""A delivered line splits to the cent, and whatever goes back afterwards is taken from those who had it."""
