"""Django's PostgreSQL, with connections that are found dead in milliseconds and replaced at once (`ENGINE`)."""
