"""A worker: takes jobs in order of urgency, in its own process without forking, and finishes what it holds."""

import os
from collections.abc import Sequence

from flask import Flask
from rq import Queue, SimpleWorker

from app.foundation.runtime import redis
from app.jobs.registry import QUEUES, URGENT


def run(app: Flask, names: Sequence[str] = ()) -> None:
    """Work on the named queues, all of them by default, until told to stop."""
    if names and URGENT not in names:
        os.nice(10)  # whoever waits for goods comes before whoever waits for a mail
    with app.app_context():
        queues = [Queue(name, connection=redis()) for name in names or QUEUES]
        SimpleWorker(queues, connection=redis()).work(with_scheduler=False, logging_level="WARNING")
