"""What auditors ask, draw and note. Each question is in one module of its subject; ``registry`` lists all of them."""
