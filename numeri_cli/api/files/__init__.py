"""Files from and to an object store: download in parts, resume, upload."""
