"""A world of eras: made, archived, published as files."""
