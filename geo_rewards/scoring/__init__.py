"""A recipe at work: entries, gates, weights, scores and their explanation."""
