"""Two shops of two brands with a row of every tenant's table each, made by living: buying, paying, revealing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, Table, insert, select, text
from sqlalchemy.orm import Session

from app.domain.commissions.drafts import Draft
from app.domain.distributors.models import Shop, ShopHost
from app.domain.fulfilment.models import Delivery, SupplierOrder
from app.domain.groups import queries as groups
from app.domain.identity.models import Buyer, BuyerSignIn
from app.domain.orders import queries as order_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Payment
from app.domain.payouts import planning
from app.domain.payouts.accounts import Firm
from app.domain.promotions.models import Holdout
from app.domain.tables import metadata
from app.flows import terms
from app.flows.priced import Asked
from app.flows.purchase import Placed
from app.flows.refund import send_refund
from app.flows.reveal import reveal
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.database import Base, session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope, shop_scope
from tenants.directory import Tenant
from tenants.scoping import TenantOwned
from tests.database import opened
from tests.factories import Goods, buy, make_goods, make_shop, place, set_slots
from tests.factories.drops import line_up, make_drop
from tests.factories.groups import offer_group
from tests.factories.orders import BUYER
from tests.factories.payouts import make_payee, planned
from tests.factories.promotions import promote
from tests.isolation.referred import referred, with_credit

# Tables without TenantOwned, each with its reason. A new table that is in none of these lists fails the suite.
SHARED = {
    "shop_hosts": "answers which shop a host is before any shop is open; a shop sees its own",
    "mails": "of a shop, or of the platform where shop_id is empty; a shop sees its own",
    "outbox": "the relay carries every shop's jobs; a shop or brand sees its own",
    "audit_entries": "written by everybody in the transaction that did it; a shop or brand sees its own",
    "payment_events": "an event arrives before anybody knows whose it is; a shop sees those matched with it",
}
BRAND = {
    "products": "a brand's goods; shops read what is not a draft",
    "skus": "a brand's goods with floor and supply price; shops read them",
    "code_batches": "a brand's stock",
    "codes": "a brand's stock; shops reach it only through the stock functions",
    "data_keys": "wrapped keys; shops never",
    "reusable_secrets": "a brand's stock; shops only through the stock functions",
    "stock_slots": "a brand's counted stock; shops only through the stock functions",
    "stock_imports": "a brand's files on their way in",
}
PLATFORM = {
    "levels": "a brand's ladder; shops and distributors read it",
    "partnerships": "of two firms: the brand decides, the distributor asks, its shops read",
    "partnership_papers": "of two firms, and nobody else",
    "level_moves": "of two firms, and nobody else",
    "invites": "a brand's or a distributor's own",
    "floors": "a brand's; a shop reads those for everybody and its own distributor's",
    "rate_rules": "a brand's; a shop reads those for everybody and its own distributor's",
    "fee_rules": "the platform's",
    "settlements": "the platform's: it holds every party's part",
    "earnings": "its owner's, a brand or a distributor",
    "earning_returns": "its owner's, a brand or a distributor",
    "volumes": "of two firms",
    "ledger_transactions": "the platform's; a firm reads what its entries belong to, without the reason",
    "ledger_entries": "its owner's, a brand or a distributor; append-only",
    "ledger_proofs": "the platform's",
    "statements": "its owner's, a brand or a distributor; append-only",
    "gateway_report_lines": "what an outside party reports",
    "payout_accounts": "its owner's, a brand or a distributor; sealed details are the platform's",
    "payout_plans": "its owner's",
    "payouts": "its owner's",
    "payout_steps": "its owner's",
    "bank_batches": "the platform's",
    "sandbox_transfers": "what an outside party remembers",
    "promotions": "of a shop, a brand or the platform; a shop reads those made for it, a brand those about its goods",
    "promotion_slots": "what a promotion has left; written by functions only, read by its owner",
    "promotion_buyers": "for whom a promotion is; its owner's",
    "coupon_batches": "its promotion's owner's",
    "coupon_codes": "its promotion's owner's; others find a code only by its fingerprint, through a function",
    "promotion_switches": "a brand's or the platform's; a shop reads what is off for it",
    "users": "one person may work for several firms; read by the console's own flows in the platform's scope",
    "memberships": "what a person may do, and for whom; as users",
    "brands": "shops read the names beside the goods; a brand reads and describes itself",
    "distributors": "a shop reads its own distributor",
    "shops": "the tenant itself: a shop sees its own row, a brand those that list its goods",
    "sandbox_payments": "what an outside party remembers",
}
GLOBAL = {"categories": "the shelves of the whole platform, read by everybody"}


def tenant_tables() -> list[type[TenantOwned]]:
    """Every mapped class whose rows belong to one shop."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)]
    return sorted(found, key=lambda cls: cls.__tablename__)


def shop_tables() -> list[Table]:
    """Every table in whose rows a shop's id decides: the tenants' own and the shared ones."""
    names = [cls.__tablename__ for cls in tenant_tables()] + list(SHARED)
    return [metadata.tables[name] for name in sorted(names)]


IMPORT = text("""
    INSERT INTO stock_imports (brand_id, sku_id, batch_id, data_key_id, file_name)
    SELECT b.brand_id, b.sku_id, b.id, k.id, 'codes.txt' FROM code_batches b JOIN data_keys k USING (brand_id)
    WHERE b.brand_id = :brand LIMIT 1 RETURNING stock_imports.id
""")


OF_SHOP = "partnerships p JOIN shops s ON s.distributor_id = p.distributor_id WHERE s.id = :shop"
DIGEST = "sha256(random()::text::bytea), now() + interval '1 day'"
# A partnership, a paper of it, the brand's invite link and the distributor's.
PARTNERED = (
    f"SELECT p.id FROM {OF_SHOP} ORDER BY p.id LIMIT 1",
    (
        "INSERT INTO partnership_papers (partnership_id, brand_id, distributor_id, name, media_type, content)"
        f" SELECT p.id, p.brand_id, p.distributor_id, 'x.pdf', 'application/pdf', 'x' FROM {OF_SHOP} ORDER BY p.id LIMIT 1 RETURNING id"
    ),
    f"INSERT INTO invites (brand_id, digest, expires_at) SELECT p.brand_id, {DIGEST} FROM {OF_SHOP} ORDER BY p.id LIMIT 1 RETURNING id",
    f"INSERT INTO invites (distributor_id, digest, expires_at) SELECT distributor_id, {DIGEST} FROM shops WHERE id = :shop RETURNING id",
)


@dataclass(frozen=True)
class Side:
    """One shop and what happened in it."""

    shop: Tenant
    goods: Goods
    counted: Goods
    placed: Placed
    line_id: int
    import_id: int
    sold_id: int
    """The seller's earning of the line."""
    supplied_id: int
    """The brand's."""
    settled_id: int
    """The transaction that split it: both have entries in it."""
    partnership_id: int
    paper_id: int
    invite_id: int
    recruit_id: int
    payout_ids: dict[str, int]
    series: str = ""
    """Of a rule for this side's distributor alone."""
    group_offer_id: int = 0
    """The promotion of an offer to groups, of which one group is open."""
    group_token: str = ""
    coupon_id: int = 0
    """The promotion of a coupon in the shop, for everything it sells."""
    brand_coupon_id: int = 0
    """The promotion of a coupon of the side's brand."""
    referral_id: int = 0
    """The promotion of the shop's referral programme."""
    promoter_id: int = 0
    drop_id: int = 0
    """Of a flash sale with a seat."""


@dataclass(frozen=True)
class World:
    a: Side
    b: Side


@pytest.fixture(scope="module")
def world(built_app: Flask, owner: Engine, _tables: str) -> Iterator[World]:
    """Two shops that share no brand, each with at least one row in every table a shop may own.

    One world for a whole file: its tests only look, or roll back what they try.
    """
    with opened(built_app, owner, _tables):
        yield World(_side(), _side())


def _side() -> Side:
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    counted = make_goods(shop, kind="reusable", brand_id=goods.brand_id)
    set_slots(counted, [5, 5])
    coupon = promote(shop, "fixed_coupon", {"minor": 1}, code="WORLD", total_limit=9)
    placed = buy(shop, {goods: 1, counted: 1}, asked=Asked(codes=("WORLD",)))
    # one more that waits for its money, with credit of its buyer
    place(
        shop,
        {goods: 1, counted: 2},
        email=f"holder-{shop.id}@example.com",
        credit=with_credit(shop, placed.order_id),
    )
    with platform_scope(), unit_of_work() as work:
        import_id = work.session.execute(IMPORT, {"brand": goods.brand_id}).scalar_one()
        partnered = [work.session.execute(text(one), {"shop": shop.id}).scalar_one() for one in PARTNERED]
    with shop_scope(shop.id):
        line_id = order_queries.lines_of(placed.order_id)[0].id
        session().rollback()
        reveal(placed.order_id, line_id, actor=BUYER)
        with unit_of_work() as work:
            _rare_rows(work.session, shop, placed)
            work.session.add(Holdout(promotion_id=coupon.id, key="d:x", shop_id=shop.id, held_out=True))
            work.session.execute(ATTEMPT, {"sku": goods.sku_id})
        _refund_something(placed)
    earned = _earned(line_id)
    return Side(
        shop,
        goods,
        counted,
        placed,
        line_id,
        import_id,
        *earned,
        *partnered,
        _payouts(shop, goods),
        _own_rule(shop, counted),
        *_group(shop, goods),
        coupon.id,
        promote(
            None, "fixed_coupon", {"minor": 1}, code=f"BRAND{goods.brand_id}", brand_id=goods.brand_id
        ).id,
        *referred(shop, placed.order_id, earned[2]),
        _flash_sale(shop, goods),
    )


def _flash_sale(shop: Tenant, goods: Goods) -> int:
    drop = make_drop(shop, goods, units=1)
    line_up(shop, drop)
    return drop.id


def _earned(line_id: int) -> tuple[int, int, int]:
    """(seller's earning, brand's earning, transaction) of a settled line."""
    found = text("SELECT role, id, transaction_id FROM earnings WHERE order_line_id = :line")
    with platform_scope():
        rows = {row.role: row for row in session().execute(found, {"line": line_id})}
        session().rollback()
    return rows["seller"].id, rows["supplier"].id, rows["seller"].transaction_id


def _payouts(shop: Tenant, goods: Goods) -> dict[str, int]:
    """A payout of the shop's distributor and one of the brand, with accounts, plans and steps."""
    with platform_scope(), unit_of_work() as work:
        distributor_id = work.session.get_one(Shop, shop.id).distributor_id
    made = {}
    for firm in (Firm(distributor_id=distributor_id), Firm(brand_id=goods.brand_id)):
        payee = make_payee(10_000, firm=firm, kind=firm.kind)
        made[firm.kind] = planned(payee, 10_000, f"world-{firm.subject}")
        with platform_scope(), unit_of_work():
            planning.note([made[firm.kind]], "planned", now=clock.now())
    return made


def _group(shop: Tenant, goods: Goods) -> tuple[int, str]:
    """An offer to groups, and a group whose first member has not paid yet."""
    deal = offer_group(shop, make_goods(shop, codes=2, brand_id=goods.brand_id), people=2)
    placed = deal.open()
    with shop_scope(shop.id):
        found = groups.of_order(placed.order_id)
        token = found.group.token if found else ""
        session().rollback()
    return int(deal.promotion.id), token


def _own_rule(shop: Tenant, goods: Goods) -> str:
    """A rate for this shop's distributor alone, on the Sku it hardly sells."""
    with platform_scope():
        distributor = session().execute(select(Shop.distributor_id).where(Shop.id == shop.id)).scalar_one()
        session().rollback()
    draft = Draft("commission", {"rate_bps": 777}, sku_id=goods.sku_id, distributor_id=distributor)
    with brand_scope(goods.brand_id):
        return terms.make_rule(draft, reason="a world to look at", actor=Actor("staff"))


def _rare_rows(open_session: Session, shop: Tenant, placed: Placed) -> None:
    """Rows that a plain purchase does not make."""
    open_session.add(Buyer(shop_id=shop.id, email="buyer@example.com"))
    digest, soon = ids.token_digest(ids.token()), clock.now() + timedelta(minutes=5)
    open_session.add(BuyerSignIn(shop_id=shop.id, email="buyer@example.com", digest=digest, expires_at=soon))
    open_session.execute(
        insert(ShopHost).values(shop_id=shop.id, host=f"{shop.slug}.example", token=ids.token())
    )
    delivery = open_session.query(Delivery).first()
    open_session.add(
        SupplierOrder(
            shop_id=shop.id,
            delivery_id=delivery.id,
            position=1,
            supplier="s",
            reference=ids.token(),
            state="failed",
        )
    )
    open_session.execute(
        text(
            "INSERT INTO outbox (kind, shop_id, payload, due_at) VALUES ('none', :shop, '{}', now() + interval '1 day')"
        ),
        {"shop": shop.id},
    )
    open_session.execute(
        text(
            "INSERT INTO audit_entries (shop_id, actor_kind, action, subject, data) VALUES (:shop, 'x', 'x', 'x', '{}')"
        ),
        {"shop": shop.id},
    )


ATTEMPT = text("""
    INSERT INTO floor_attempts (shop_id, brand_id, distributor_id, sku_id, stage, wanted_minor, floor_minor, currency)
    SELECT s.id, k.brand_id, s.distributor_id, k.id, 'listing', k.floor_minor - 1, k.floor_minor, k.currency
    FROM shops s, skus k WHERE k.id = :sku
""")


def _refund_something(placed: Placed) -> None:
    with unit_of_work() as work:
        payment = work.session.get_one(Payment, placed.payment_id)
        refund_id = payments.request_refund(payment, key=f"test:{payment.id}", amount_minor=1, reason="test")
    send_refund(refund_id)
