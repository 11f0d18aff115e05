"""Whether what a Secret holds is anywhere else: in a log, an object, an Event, the arguments of a process, an image."""
