"""Money leaving for brands and distributors, each payout once."""
