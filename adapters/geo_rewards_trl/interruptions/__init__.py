"""How a run fails, ends on a signal, and resumes."""
