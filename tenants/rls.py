"""The second wall: PostgreSQL row security, written once and the same for every table."""

from tenants.context import (
    BRAND_ROLE,
    BRAND_SETTING,
    DISTRIBUTOR_ROLE,
    DISTRIBUTOR_SETTING,
    PLATFORM_ROLE,
    SHOP_ROLE,
    SHOP_SETTING,
)


def _current(setting: str) -> str:
    return f"NULLIF(current_setting('{setting}', true), '')::bigint"


def force(table: str) -> list[str]:
    """Row security on, for the owner too; the platform role sees every row."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY platform ON {table} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
    ]


def shop_policy(table: str, column: str = "shop_id") -> str:
    """Rows whose column is the open shop, and no other, for reading and writing."""
    test = f"{column} = {_current(SHOP_SETTING)}"
    return f"CREATE POLICY shop ON {table} TO {SHOP_ROLE} USING ({test}) WITH CHECK ({test})"


def brand_policy(table: str, column: str = "brand_id") -> str:
    """Rows whose column is the open brand, and no other."""
    test = f"{column} = {_current(BRAND_SETTING)}"
    return f"CREATE POLICY brand ON {table} TO {BRAND_ROLE} USING ({test}) WITH CHECK ({test})"


def distributor_policy(table: str, column: str = "distributor_id") -> str:
    """Rows whose column is the open distributor, and no other."""
    test = f"{column} = {_current(DISTRIBUTOR_SETTING)}"
    return f"CREATE POLICY distributor ON {table} TO {DISTRIBUTOR_ROLE} USING ({test}) WITH CHECK ({test})"


def readable(table: str, role: str, test: str = "true") -> str:
    """Rows that a role may read but never write."""
    return f"CREATE POLICY readable_{role} ON {table} FOR SELECT TO {role} USING ({test})"


UNGUARDED_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
ORDER BY 1
"""
