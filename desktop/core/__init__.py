"""Values and decisions: pure, with the time as an argument."""
