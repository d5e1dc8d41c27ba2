"""Questions to the API over HTTP: connection, retries, limits, addresses."""
