"""What can go wrong with a key or a sealed secret; never what was inside."""


class MasterKeysInvalid(ValueError):
    """MASTER_KEYS is not `id:base64` pairs of 32 bytes with distinct ids."""


class MasterKeyUnknown(LookupError):
    """Something is wrapped under a master key that the settings no longer hold."""


class SecretInvalid(ValueError):
    """A card number or password that cannot be kept as it is."""


class SecretUnreadable(Exception):
    """A sealed box did not open: wrong key, wrong place, or changed bytes."""
