"""What the assistant decides in a turn. No network, no database: what is to be done is returned as commands."""
