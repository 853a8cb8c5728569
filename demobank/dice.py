"""Random numbers that depend only on the seed, the customer and what is asked.

Counter-based (splitmix64, Steele, Lea and Flood 2014): no stream is consumed, so customers, topics and blocks are
independent of each other and of the order in which they are drawn.
"""

from hashlib import blake2b

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


class Dice:
    """Draws for a row of customers; each `topic` is a stream of its own, `shape` the draws per customer."""

    def __init__(self, seed: int, customers: np.ndarray) -> None:
        self._seed = seed
        self._customers = np.asarray(customers, dtype=np.uint64)

    def of(self, rows: np.ndarray) -> "Dice":
        """The same dice, for some of the customers (possibly repeated)."""
        return Dice(self._seed, self._customers[rows])

    def of_draws(self, topic: str, chosen: np.ndarray, draws: int) -> np.ndarray:
        """In [0, 1), shape (chosen places, draws): only for the true places of an array shaped (customers, ...)."""
        per_customer = int(np.prod(chosen.shape[1:]))
        flat = np.flatnonzero(chosen)
        counters = (flat % per_customer).astype(np.uint64)[:, None] * np.uint64(draws) + np.arange(draws, dtype=np.uint64)
        return self._draw(self._keys(topic)[flat // per_customer][:, None], counters)

    def uniform(self, topic: str, *shape: int) -> np.ndarray:
        """In [0, 1), shape (customers, *shape)."""
        counters = np.arange(int(np.prod(shape)), dtype=np.uint64).reshape(shape)
        return self._draw(self._keys(topic).reshape(-1, *([1] * len(shape))), counters)

    def _keys(self, topic: str) -> np.ndarray:
        digest = blake2b(f"{self._seed}:{topic}".encode(), digest_size=8).digest()
        return _mix(_mix(np.uint64(int.from_bytes(digest, "big")) + self._customers * _GOLDEN))

    @staticmethod
    def _draw(keys: np.ndarray, counters: np.ndarray) -> np.ndarray:
        return (_mix(keys + counters * _GOLDEN) >> np.uint64(11)) * 2.0**-53

    def between(self, topic: str, low: float, high: float, *shape: int) -> np.ndarray:
        return low + (high - low) * self.uniform(topic, *shape)

    def whole(self, topic: str, low: int, high: int, *shape: int) -> np.ndarray:
        """Integers from low to high, both included."""
        return np.floor(self.between(topic, low, high + 1, *shape)).astype(np.int64)

    def chance(self, topic: str, probability: float | np.ndarray, *shape: int) -> np.ndarray:
        return self.uniform(topic, *shape) < probability

    def normal(self, topic: str, *shape: int) -> np.ndarray:
        """Standard normal (Box-Muller)."""
        radius = np.sqrt(-2 * np.log1p(-self.uniform(topic, *shape)))
        return radius * np.cos(2 * np.pi * self.uniform(topic + "/angle", *shape))

    def spread(self, topic: str, median: float, sigma: float, *shape: int) -> np.ndarray:
        """Log-normal around a median."""
        return median * np.exp(sigma * self.normal(topic, *shape))

    def pick(self, topic: str, weights: np.ndarray, *shape: int) -> np.ndarray:
        """Positions in `weights`, each as often as its weight says."""
        edges = np.cumsum(weights) / np.sum(weights)
        return np.minimum(np.searchsorted(edges, self.uniform(topic, *shape), side="right"), len(edges) - 1)
