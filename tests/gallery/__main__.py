"""A throw-away gallery: every page with sample data. `python -m tests.gallery [port]`."""

import sys

from tests.gallery.rooms import gallery

gallery().run(host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8123, debug=False)
