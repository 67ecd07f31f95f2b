"""What clients read: the texts, what they may not say, and when they may go."""
