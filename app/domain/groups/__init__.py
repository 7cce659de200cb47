"""Group buys (拼团): a price for so many people together, each of whom pays alone; all are delivered, or none."""
