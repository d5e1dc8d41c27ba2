"""What `numeri practice` does, through the doors of the practice tournament."""
