"""Stock: never sell what is not there."""
