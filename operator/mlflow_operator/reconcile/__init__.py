"""The shell: one module per kind gathers, lets the pure core decide, acts, and writes the status once.

``workers`` runs the passes, ``queue`` says which is next, ``store`` holds what the watches have seen.
"""
