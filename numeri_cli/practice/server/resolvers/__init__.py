"""One file per part of the schema."""
