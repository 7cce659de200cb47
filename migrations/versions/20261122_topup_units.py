"""topup units: attempts by unit, sent once, and vouchers that suppliers hand over"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RETURNS = """code_id bigint, brand_id bigint, data_key_id bigint, wrapped bytea, master_key_id text,
               key_version bigint, fingerprint bytea,{purpose} secret bytea, expires_at timestamptz"""
ISSUED = """
CREATE FUNCTION stock.issued(p_line bigint)
RETURNS TABLE ({returns})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id, c.brand_id, c.data_key_id, k.wrapped, k.master_key_id, k.version, c.fingerprint,{none} c.secret, c.expires_at
    FROM deliveries d
    JOIN codes c ON c.order_line_id = d.order_line_id AND c.state = 'sold' AND c.shop_id = d.shop_id
    JOIN data_keys k ON k.id = c.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
    UNION ALL
    SELECT NULL, r.brand_id, r.data_key_id, k.wrapped, k.master_key_id, k.version, r.fingerprint,{none} r.secret, NULL
    FROM deliveries d
    JOIN reusable_secrets r ON r.id = d.reusable_id
    JOIN data_keys k ON k.id = r.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
    UNION ALL
    SELECT NULL, d.brand_id, d.data_key_id, k.wrapped, k.master_key_id, k.version, NULL,{delivery} d.secret, NULL
    FROM deliveries d
    JOIN data_keys k ON k.id = d.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
      AND d.secret IS NOT NULL{topup}
    ORDER BY 1
$$
"""
TOPUP = """
    UNION ALL
    SELECT NULL, d.brand_id, s.data_key_id, k.wrapped, k.master_key_id, k.version, NULL, 'topup:' || s.id, s.secret, NULL
    FROM deliveries d
    JOIN supplier_orders s ON s.delivery_id = d.id AND s.state = 'succeeded' AND s.secret IS NOT NULL
    JOIN data_keys k ON k.id = s.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'"""


def _replace(function: str) -> None:
    op.execute("DROP FUNCTION stock.issued(bigint)")
    op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION stock.issued FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION stock.issued TO perkline_shop, perkline_stock")
    op.execute("ALTER FUNCTION stock.issued OWNER TO perkline_stock")


def upgrade() -> None:
    op.add_column(
        "supplier_orders", sa.Column("unit", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
    )
    op.add_column("supplier_orders", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("supplier_orders", sa.Column("data_key_id", sa.BigInteger(), nullable=True))
    op.add_column("supplier_orders", sa.Column("secret", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(
        "fk_supplier_orders_data_key_id", "supplier_orders", "data_keys", ["data_key_id"], ["id"]
    )
    op.drop_constraint("uq_supplier_orders_delivery_id_position", "supplier_orders")
    op.create_unique_constraint(
        "uq_supplier_orders_delivery_id_unit_position", "supplier_orders", ["delivery_id", "unit", "position"]
    )
    op.create_index(
        "uq_supplier_orders_succeeded", "supplier_orders", ["delivery_id", "unit"], unique=True,
        postgresql_where=sa.text("state = 'succeeded'"),
    )  # fmt: skip
    op.execute("GRANT UPDATE (sent_at, data_key_id, secret) ON supplier_orders TO perkline_shop")
    op.execute("GRANT SELECT ON supplier_orders TO perkline_stock")
    op.execute("CREATE POLICY stock ON supplier_orders TO perkline_stock USING (true) WITH CHECK (true)")
    _replace(
        ISSUED.format(
            returns=RETURNS.format(purpose=" purpose text,"), none=" NULL,", delivery=" 'delivery:' || d.order_line_id,",
            topup=TOPUP,
        )
    )  # fmt: skip


def downgrade() -> None:
    _replace(ISSUED.format(returns=RETURNS.format(purpose=""), none="", delivery="", topup=""))
    op.execute("DROP POLICY stock ON supplier_orders")
    op.execute("REVOKE SELECT ON supplier_orders FROM perkline_stock")
    op.drop_index("uq_supplier_orders_succeeded", "supplier_orders")
    op.drop_constraint("uq_supplier_orders_delivery_id_unit_position", "supplier_orders")
    op.create_unique_constraint(
        "uq_supplier_orders_delivery_id_position", "supplier_orders", ["delivery_id", "position"]
    )
    for column in ("secret", "data_key_id", "sent_at", "unit"):
        op.drop_column("supplier_orders", column)
