"""What it costs, floor last."""
