"""The isolation kernel: which shop is this, and nothing of any other."""
