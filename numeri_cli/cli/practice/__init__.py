"""numeri practice: the tournament in miniature."""
