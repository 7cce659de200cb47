"""What can go wrong with a key or a sealed secret; never what was inside."""

from app.foundation.errors import Kind, ProductError


class MasterKeysInvalid(ValueError):
    """MASTER_KEYS is not `id:base64` pairs of 32 bytes with distinct ids."""


class MasterKeyUnknown(ProductError):
    """Something is wrapped under master key `id`, which the settings no longer hold."""

    code, kind = "master_key_unknown", Kind.BUG


class SecretInvalid(ProductError):
    """A card number or password that is empty or holds a control character."""

    code, kind = "secret_invalid", Kind.INVALID


class SecretUnreadable(ProductError):
    """A sealed box did not open: wrong key, wrong place, or changed bytes (`cause`)."""

    code, kind = "secret_unreadable", Kind.BUG
