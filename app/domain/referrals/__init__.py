"""Referrals: who brought whom, what that is worth, and what becomes of it."""
