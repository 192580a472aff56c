"""Pretend providers: a Twilio, a Telegram and three phones on one loopback port.

The gateway's production connectors talk to it over HTTP, and it calls the gateway's webhooks back with the
providers' own signatures, so a demonstration or a test runs the path that real traffic runs.
It knows nothing of the gateway's code. Everything it holds is pretend data.
"""
