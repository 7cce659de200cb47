"""Every mapped table, so that metadata is whole wherever it is asked for."""

from app.domain.brands import models as brands
from app.domain.catalog import models as catalog
from app.domain.commissions import models as commissions
from app.domain.credit import models as credit
from app.domain.distributors import models as distributors
from app.domain.flash import models as flash
from app.domain.fulfilment import models as fulfilment
from app.domain.groups import models as groups
from app.domain.identity import models as identity
from app.domain.inventory import models as inventory
from app.domain.ledger import models as ledger
from app.domain.notifications import models as notifications
from app.domain.orders import models as orders
from app.domain.payments import models as payments
from app.domain.payouts import models as payouts
from app.domain.pricing import models as pricing
from app.domain.promotions import models as promotions
from app.domain.referrals import models as referrals
from app.foundation import audit, outbox
from app.foundation.database import Base

ROOMS = (
    brands, catalog, commissions, credit, distributors, flash, fulfilment, groups, identity, inventory, ledger,
    notifications, orders, payments, payouts, pricing, promotions, referrals,
)  # fmt: skip
FOUNDATION = (audit, outbox)
metadata = Base.metadata
