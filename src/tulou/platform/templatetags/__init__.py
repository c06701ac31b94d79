"""What templates of the house can say."""
