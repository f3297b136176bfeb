"""Standard Webhooks, the sender's side: https://www.standardwebhooks.com."""
