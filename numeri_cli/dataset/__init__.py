"""What was downloaded: feature sets, eras, columns."""
