"""`localstripe`, a stateful Stripe made by others, as its own process on this machine only.

Run as `python tests/simulators/local_stripe.py PORT`. Its own command listens on
every address and leaves a file in the temporary folder; this does neither.
"""

import sys

from aiohttp import web
from localstripe import resources, server


def main() -> None:
    resources.store.dump_to_disk = lambda: None
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
