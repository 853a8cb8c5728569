"""Changes out: messages to programs, signed (Standard Webhooks), tried again until they are received, and repeated when asked for."""
