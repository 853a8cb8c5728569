"""OpenID AuthZEN Authorization API 1.0: asking any policy store, in the words of the standard, and running stores.

Messages come in as JSON (messages), become a question to Cedar in the vocabulary of the store's schema (vocabulary, questions), and
are answered one by one (semantics) or by going through candidates (searching); none of these knows a model or HTTP. What a store knows
is read by stores, what it answers is recorded (deciding, recording), over HTTP (views). Owners run their stores through management (api).
"""
