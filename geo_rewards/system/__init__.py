"""What the library asks of the operating system: files, processes, locks, the terminal."""
