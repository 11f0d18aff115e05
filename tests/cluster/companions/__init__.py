"""Controllers of other projects, built for the tests of the ecosystem."""
