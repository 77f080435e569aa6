"""Reward functions for reinforcement learning of vision-language models on image geolocalization."""
