"""Webhooks, as far as they are decided on: what they are sent, what counts as an answer, what they have to be told."""
