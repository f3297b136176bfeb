"""What an organization has to be told, and how it reaches people and their programs."""
