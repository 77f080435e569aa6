"""What a set of answers is worth: judge each, average, resample, compare."""
