"""The paragraphs of the letter that explains a case: each file is one of them."""
