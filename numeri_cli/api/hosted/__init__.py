"""The API's calls for hosted models: uploaded functions that Numerai runs, and webhooks."""
