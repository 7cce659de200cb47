"""Store credit: money of a shop that somebody has there, earned as a reward and spent at the checkout."""
