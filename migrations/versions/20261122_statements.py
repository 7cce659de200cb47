"""statements: what was issued, with its digest; and returns by their owner and day"""

import sqlalchemy as sa
from alembic import op

from tenants import rls
from tenants.context import BRAND_ROLE, DISTRIBUTOR_ROLE, PLATFORM_ROLE

revision = "0063"
down_revision = "0053"
branch_labels = None
depends_on = None

OWNERS = ("brand_id", "distributor_id")


def upgrade() -> None:
    for owner in OWNERS:
        op.create_index(
            f"ix_earning_returns_{owner}", "earning_returns", [owner, "created_at"],
            postgresql_where=sa.text(f"{owner} IS NOT NULL"),
        )  # fmt: skip
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=False),
        sa.Column("closing_minor", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_statements_owner")),
        sa.CheckConstraint("until >= since", name=op.f("ck_statements_days")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_statements_brand_id")),
        sa.ForeignKeyConstraint(["distributor_id"], ["distributors.id"], name=op.f("fk_statements_distributor_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_statements_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("number", name=op.f("uq_statements_number")),
        sa.UniqueConstraint(
            "brand_id", "distributor_id", "currency", "since", "until", "digest", postgresql_nulls_not_distinct=True,
            name=op.f("uq_statements_figures"),
        ),
    )  # fmt: skip
    op.create_index("ix_statements_distributor_id", "statements", ["distributor_id"])
    for statement in rls.force("statements"):
        op.execute(statement)
    op.execute(rls.brand_policy("statements"))
    op.execute(rls.distributor_policy("statements"))
    # What was issued is never changed, by nobody who serves.
    op.execute(f"GRANT SELECT, INSERT ON statements TO {PLATFORM_ROLE}, {BRAND_ROLE}, {DISTRIBUTOR_ROLE}")


def downgrade() -> None:
    op.drop_table("statements")
    for owner in OWNERS:
        op.drop_index(
            f"ix_earning_returns_{owner}", "earning_returns", postgresql_where=sa.text(f"{owner} IS NOT NULL")
        )
