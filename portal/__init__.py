"""门户: the pages on which people hand in, answer, decide and look things up."""
