"""The tournament over HTTP: questions, answers, files. Knows nothing of the practice server."""
