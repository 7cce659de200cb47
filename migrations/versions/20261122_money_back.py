"""money back: what of a refund belongs to which line, how far the books follow it, and what a dispute costs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0073"
down_revision = "0066"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
FEE = """
CREATE FUNCTION money.post_dispute_fee() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_before bigint := 0; v_number bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN v_before := OLD.fee_minor; END IF;
    SELECT count(*) INTO v_number FROM ledger_transactions
    WHERE order_id = NEW.order_id AND refund_id = NEW.id AND kind = 'dispute_fee';
    PERFORM money.post_two(
        'dispute_fee:' || NEW.id || ':' || v_number, 'dispute_fee', upper(NEW.currency), 'chargebacks', 'gateway_clearing',
        NEW.fee_minor - v_before, NEW.shop_id, NEW.order_id, NEW.payment_id, NEW.id,
        jsonb_build_object('reason', NEW.reason), now());
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.add_column("refunds", sa.Column("shares", postgresql.JSONB(), nullable=True))
    op.add_column(
        "refunds", sa.Column("fee_minor", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("refunds", sa.Column("mirrored", sa.Text(), nullable=True))
    op.create_check_constraint("fee", "refunds", "fee_minor = 0 OR kind = 'chargeback'")
    # What went back before today has been followed by its own job.
    op.execute("UPDATE refunds SET mirrored = state WHERE state IN ('succeeded', 'failed')")
    op.create_index(
        "ix_refunds_unmirrored", "refunds", ["id"],
        postgresql_where=sa.text("state IN ('succeeded', 'failed') AND mirrored IS DISTINCT FROM state"),
    )  # fmt: skip
    op.execute("GRANT UPDATE (fee_minor, mirrored) ON refunds TO perkline_shop")
    op.execute("GRANT UPDATE (parts) ON settlements TO perkline_platform")
    op.execute(FEE)
    op.execute("REVOKE ALL ON FUNCTION money.post_dispute_fee FROM PUBLIC")
    op.execute(f"ALTER FUNCTION money.post_dispute_fee OWNER TO {ROLE}")
    op.execute(
        "CREATE TRIGGER post_fee AFTER INSERT ON refunds FOR EACH ROW"
        " WHEN (NEW.fee_minor <> 0) EXECUTE FUNCTION money.post_dispute_fee()"
    )
    op.execute(
        "CREATE TRIGGER post_new_fee AFTER UPDATE OF fee_minor ON refunds FOR EACH ROW"
        " WHEN (NEW.fee_minor <> OLD.fee_minor) EXECUTE FUNCTION money.post_dispute_fee()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER post_new_fee ON refunds")
    op.execute("DROP TRIGGER post_fee ON refunds")
    op.execute("DROP FUNCTION money.post_dispute_fee()")
    op.execute("REVOKE UPDATE (parts) ON settlements FROM perkline_platform")
    op.drop_index("ix_refunds_unmirrored", "refunds")
    op.drop_constraint("ck_refunds_fee", "refunds")
    for column in ("mirrored", "fee_minor", "shares"):
        op.drop_column("refunds", column)
