"""From the books to departments' files: which months, whose records, what goes wrong, how it is written."""
