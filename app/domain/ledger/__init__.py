"""Double entry: where every cent came from and whose it is."""
