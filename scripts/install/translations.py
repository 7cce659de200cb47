"""Translations, compiled from the `.po` files that people write."""

from install import running, stamps
from install.places import Places
from install.trouble import Trouble

# Babel lives in the environment, not in the Python that runs set-up.
COMPILE = """
import sys
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
for name in sys.argv[1:]:
    with open(name, "rb") as source:
        catalogue = read_po(source)
    with open(name[:-3] + ".mo", "wb") as compiled:
        write_mo(compiled, catalogue)
"""


def compile_all(places: Places) -> bool:
    """Compile every catalogue whose source changed."""
    sources = sorted(places.checkout.glob("app/**/translations/*/LC_MESSAGES/*.po"))
    stamp, fingerprint = places.stamps / "translations", stamps.digest(sources)
    if stamps.fresh(stamp, fingerprint) and all(path.with_suffix(".mo").exists() for path in sources):
        return False
    if sources:
        try:
            running.run([places.python, "-c", COMPILE, *sources], places)
        except running.Failed as failure:
            raise Trouble(
                f"a translation cannot be read: {failure.output.strip().splitlines()[-1]}"
            ) from None
    stamps.put(stamp, fingerprint)
    return bool(sources)
