"""What a stem is: the words of its name, the vocabulary of roles, and the strip it goes to."""
