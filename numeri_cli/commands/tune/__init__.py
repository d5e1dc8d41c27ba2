"""numeri tune: a search over a model's parameters that does not fool itself."""
