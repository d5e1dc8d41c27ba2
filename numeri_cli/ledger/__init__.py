"""What this machine has done."""
