"""Links by which anybody may read one statement or one experiment, without signing in."""
