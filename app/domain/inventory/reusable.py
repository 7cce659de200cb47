"""The one code that every buyer of a reusable Sku receives."""

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.domain.inventory import keys
from app.domain.inventory.models import ReusableSecret
from app.foundation.database import session
from app.foundation.errors import Kind, ProductError
from app.foundation.runtime import runtime
from app.foundation.vault import Secret


class SecretKnown(ProductError):
    """This very code is on the platform already."""

    code, kind = "secret_known", Kind.CONFLICT


def replace(sku_id: int, brand_id: int, secret: Secret) -> int:
    """Issue another code from now on; buyers of the old one keep theirs. Returns its id, or raises SecretKnown."""
    vault = runtime().vault
    key_id, key = keys.current_key(brand_id, vault)
    sealed = vault.seal(key, secret)
    session().execute(
        update(ReusableSecret)
        .where(ReusableSecret.sku_id == sku_id, ReusableSecret.active)
        .values(active=False)
    )
    row = ReusableSecret(
        brand_id=brand_id,
        sku_id=sku_id,
        data_key_id=key_id,
        fingerprint=sealed.fingerprint,
        secret=sealed.box,
    )
    session().add(row)
    try:
        session().flush()
    except IntegrityError as error:
        raise SecretKnown(param="secret") from error
    return row.id
