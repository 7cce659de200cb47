"""Keep secrets unreadable everywhere but in the hands they were sold to.

A *master key* lives in the settings and wraps the *data keys*, one line of
versions per brand, which live wrapped in the database; a data key seals codes
and files. A *fingerprint*, under a key of its own that never rotates, finds a
code again without opening anything.
"""

from app.foundation.vault.errors import (
    MasterKeysInvalid,
    MasterKeyUnknown,
    SecretInvalid,
    SecretUnreadable,
)
from app.foundation.vault.fingerprint import FINGERPRINT_SIZE, Fingerprinter
from app.foundation.vault.master import MasterKeys
from app.foundation.vault.sealed_file import SealedReader, SealedWriter, new_file_key
from app.foundation.vault.secret import Secret
from app.foundation.vault.vault import DataKey, Sealed, Vault

__all__ = [
    "FINGERPRINT_SIZE",
    "DataKey",
    "Fingerprinter",
    "MasterKeyUnknown",
    "MasterKeys",
    "MasterKeysInvalid",
    "Sealed",
    "SealedReader",
    "SealedWriter",
    "Secret",
    "SecretInvalid",
    "SecretUnreadable",
    "Vault",
    "new_file_key",
]
