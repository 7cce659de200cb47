"""The books beside everything they tell of: orders, payments, refunds, earnings, payouts and gateways' reports."""
