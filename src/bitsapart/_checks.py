"""Checks at the door: each is made once, where values come in, and says what was given, where, and the rule."""
