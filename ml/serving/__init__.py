"""The model server: the registry's champion behind the Open Inference Protocol V2 (REST).

`protocol` reads and checks requests, `batcher` predicts many at once, `fleet` holds the versions and
swaps them, `canary` and `throttle` decide who gets what, `metrics`, `access` and `journal` tell what
happened, `app` is the ASGI application and `server` the process. Leaves out gRPC, binary tensors,
TLS and authentication (a gateway's work), and more than one model a process.
"""
