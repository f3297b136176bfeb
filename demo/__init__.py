"""`./apex demo`: recorded traffic through the running product, and what was really saved."""
