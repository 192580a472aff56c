"""What Prometheus reads. Counts and times only: no label ever holds a person's text, address or pseudonym."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

WEBHOOKS = Counter("hotline_webhooks", "Webhooks by provider and outcome", ["provider", "outcome"], registry=REGISTRY)
IGNORED = Counter("hotline_webhooks_ignored", "Ignored webhooks by reason", ["provider", "reason"], registry=REGISTRY)
INTAKE_SECONDS = Histogram(
    "hotline_intake_seconds",
    "Time from a webhook's arrival to its durable confirmation",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3),
    registry=REGISTRY,
)
WAITING = Gauge(
    "hotline_queue_waiting", "Conversations waiting for a human, by priority", ["priority"], registry=REGISTRY
)
OLDEST_WAIT = Gauge("hotline_queue_oldest_seconds", "Longest wait of all in the queue", registry=REGISTRY)
STEPS = Counter("hotline_worker_steps", "Pieces of work done, by loop", ["loop"], registry=REGISTRY)
FAILURES = Counter("hotline_worker_failures", "Unexpected failures, by loop", ["loop"], registry=REGISTRY)
