"""Which rows are taken: sources, sampling, mixtures, streams and batch order."""
