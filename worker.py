"""Background programs: `worker.py work [QUEUE …]`, `worker.py relay`, `worker.py clock`."""

import sys

from app import create_app
from app.foundation import rest
from app.jobs import clock, relay, work

PROGRAMS = {"work": work.run, "relay": relay.run, "clock": clock.run}

if __name__ == "__main__":
    program, *queues = sys.argv[1:] or ["work"]
    app = create_app(redis_seconds=None)
    rest.settle()
    PROGRAMS[program](app, queues) if program == "work" else PROGRAMS[program](app)
