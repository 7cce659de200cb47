"""A job says for which shop it runs, and is held to it."""

from contextlib import AbstractContextManager

from tenants.context import Scope, brand_scope, distributor_scope, platform_scope, shop_scope


def job_scope(
    shop_id: int | None, brand_id: int | None = None, distributor_id: int | None = None
) -> AbstractContextManager[Scope]:
    """The scope of a job: its shop, its brand, its distributor, or the platform where it has none."""
    if shop_id is not None:
        return shop_scope(shop_id)
    if brand_id is not None:
        return brand_scope(brand_id)
    return platform_scope() if distributor_id is None else distributor_scope(distributor_id)
