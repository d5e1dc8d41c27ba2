"""numeri hosted: models that Numerai runs on its own machines."""
