"""How much of its plan an organization uses, and what follows at its bounds."""
