"""The tiers of kept answers: to the same call, the same words in other forms, the same meaning."""
