"""The customers' interface for programs: who they are and what they may, conditional requests, events in, changes out as webhooks."""
