"""What is said about credits, to candidates and to providers."""
