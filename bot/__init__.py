"""The assistant: what it understands, what it says and when."""
