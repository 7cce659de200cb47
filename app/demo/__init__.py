"""A lively house to look at: invented brands, goods, shops, people and two months of orders, as pure values."""
