"""How messages travel: one queue an app and one for what keeps the bank alive, alike on Valkey, Redis and RabbitMQ."""

from typing import Any

from kombu.entity import Exchange, Queue

EXCHANGE = "bankos"
APPS = ("platform", "sentinel", "customers", "journeys", "insights")
# Signs of life and sweeps, which only look and ring. A worker of its own serves it: they never wait behind work.
HEART = "heart"
QUEUES = (*APPS, HEART)

# Above the longest a task may run (CELERY_TASK_TIME_LIMIT): a message that is still worked on is not handed out again.
VISIBILITY_TIMEOUT = 900


def queues() -> list[Queue]:
    """Quorum queues on a topic exchange: RabbitMQ's safe kind, which needs a topic exchange for delayed messages.

    The Redis-type brokers ignore the queue's kind.
    """
    exchange = Exchange(EXCHANGE, type="topic", durable=True)
    return [Queue(name, exchange, routing_key=name, queue_arguments={"x-queue-type": "quorum"}) for name in QUEUES]


def routes() -> dict[str, dict[str, str]]:
    """The queue of every task, first match first.

    Only the queue: a routing key said here would win over the queue a caller names, and the exchange goes by the key.
    """
    light = {"bankos.platform.tasks.beat_heart": HEART, "*.tasks.sweep_*": HEART}
    packages = {"bankos.platform": "platform", **{app: app for app in APPS if app != "platform"}}
    return {name: {"queue": queue} for name, queue in (*light.items(), *((f"{package}.*", queue) for package, queue in packages.items()))}


def transport_options(url: str) -> dict[str, Any]:
    """What the broker's client needs to know, by the kind of broker."""
    # A web request that finds the broker down gives up at once; the sweeper rings later.
    give_up_soon = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
    if url.startswith("redis"):
        # Kombu's defaults look for lost messages every 100 s; these look every 5 s.
        redelivery = {"visibility_timeout": VISIBILITY_TIMEOUT, "unacked_restore_interval": 5, "unacked_restore_throttle": 1}
        return {**give_up_soon, **redelivery, "socket_connect_timeout": 2}
    return {**give_up_soon, "confirm_publish": True}


# Seconds for each answer of the broker, for those who cannot wait.
SOON = 1.0


def impatient(url: str) -> dict[str, Any]:
    """`transport_options` for those who cannot wait."""
    timeouts = ("socket_timeout", "socket_connect_timeout") if url.startswith("redis") else ("read_timeout", "write_timeout")
    return {**transport_options(url), **dict.fromkeys(timeouts, SOON)}
