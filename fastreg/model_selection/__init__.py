"""How a model is chosen on a path: by held-out rows, by criteria, relaxed or in two steps."""
