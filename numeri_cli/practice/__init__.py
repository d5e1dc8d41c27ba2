"""The tournament in miniature; knows nothing of the client."""
