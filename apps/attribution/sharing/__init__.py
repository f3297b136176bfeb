"""Links by which anybody may read one statement, experiment or estimate, without signing in."""
