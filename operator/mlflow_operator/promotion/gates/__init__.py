"""Gates: what a version has to prove. A file per kind, from a case to an outcome; ``checklist`` asks them all."""
