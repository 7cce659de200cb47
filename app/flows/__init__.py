"""Every write the product can do, one file per story."""
