"""The rule of a policy: a tree of typed criterion rows, its logic, its words."""
