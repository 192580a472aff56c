"""The pretend Twilio: api.twilio.com and content.twilio.com on one origin, and the webhooks they send."""
