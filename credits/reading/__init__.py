"""What pages show: rows turned into what a reader wants to know."""
