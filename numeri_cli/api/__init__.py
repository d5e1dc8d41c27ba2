"""The tournament over the wire: questions, answers, files. Knows nothing of the practice server."""
