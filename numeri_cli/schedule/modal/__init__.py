"""An app of Modal."""
