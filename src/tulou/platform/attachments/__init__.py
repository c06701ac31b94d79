"""Files that people attach: their type is proven by their content, their size bounded, their room counted."""
