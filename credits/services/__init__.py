"""What changes the credit programme, one module a subject."""
