"""The pass over a server: bring its objects, ask what came of them, say so."""
