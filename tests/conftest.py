"""Plugins the tests are made of; each floor's fixtures live in a module of their own."""

pytest_plugins = ["tests.servers", "tests.processes", "tests.bank"]
