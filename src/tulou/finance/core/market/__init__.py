"""The market's own sums and words: what a loan costs, who is ranked where, how late a loan is. Plain Python."""
