"""Webhooks, which users name: called once, signed, and only where the operator may go."""
