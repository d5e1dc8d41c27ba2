"""When `numeri run` is started by itself: a block in the crontab, or a systemd timer."""
