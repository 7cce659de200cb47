"""Set-up: a virtual environment, the locked packages, the front end and the translations.

It runs before anything is installed, so it uses the standard library alone.
"""
