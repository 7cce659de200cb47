"""The web server's entry."""

from app import create_app
from app.foundation import rest

app = create_app()
rest.settle()
rest.take_short_turns()
