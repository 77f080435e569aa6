"""Scoring by a recipe: entries, gates, weights, scores and their explanation."""
