"""What is read of a tournament: leaderboard, fund, portfolio."""
