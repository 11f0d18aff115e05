"""The engine: what is worked on next, by whom, and what happens when it fails. It knows no kind of object.

``store`` holds what the watches have seen, ``queue`` says which key is next, ``workers`` run passes, ``lists`` find
what a watch has missed, ``outcome`` says what the end of a pass means. The passes are in ``reconcile``.
"""
