"""What the machine gives: folders, ports, processes, packages, and words on the terminal."""
