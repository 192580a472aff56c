"""The pretend Telegram: the Bot API, and updates delivered to the bot's webhook."""
