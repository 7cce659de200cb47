"""The reference supplier of top-ups: a stranger's program, as far as the house is concerned."""
