"""The items of any form of the catalogue, filled in from the books of the firms so that they agree with each other."""
