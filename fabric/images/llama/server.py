"""Serves one GGUF model on a Unix socket or a TCP port, in a container that has no network at all.

The engine is llama.cpp's own HTTP server. Settings come from the environment; the process ends on
SIGTERM. It reads nothing but the model and writes nothing but its socket.
"""

import os
import signal
import sys
import threading

import xllamacpp

# The folder around the socket is closed to other users; inside it, the host's user must be allowed
# to connect although it is not the user this process runs as.
os.umask(0)

settings = xllamacpp.CommonParams()
settings.model.path = os.environ["CLAWDESK_MODEL_FILE"]
settings.model_alias = {os.environ["CLAWDESK_MODEL_NAME"]}
settings.n_ctx = int(os.environ["CLAWDESK_CONTEXT"])
settings.n_parallel = int(os.environ["CLAWDESK_SLOTS"])
settings.cpuparams.n_threads = int(os.environ["CLAWDESK_THREADS"])
settings.cpuparams_batch.n_threads = int(os.environ["CLAWDESK_THREADS"])
if len(sys.argv) > 1:
    # With a port as its argument it is an engine that speaks TCP only.
    settings.hostnames, settings.port = ["127.0.0.1"], int(sys.argv[1])
else:
    settings.hostnames = [os.environ["CLAWDESK_SOCKET"]]
settings.endpoint_metrics = True
settings.endpoint_slots = True
settings.ui = False
if os.environ.get("CLAWDESK_EMBEDDINGS"):
    # Such a model looks at the whole of a text at once, so all of it must fit into one batch.
    settings.embedding = True
    settings.n_batch = settings.n_ubatch = max(512, settings.n_ctx // settings.n_parallel)
# Its default would let the prompt cache grow to 8 GiB, past any limit of the container.
settings.cache_ram_mib = int(os.environ.get("CLAWDESK_CACHE_MIB", "64"))

ended = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: ended.set())
server = xllamacpp.Server(settings)
print("listening", server.listening_address, flush=True)
ended.wait()
# The engine's threads do not join quickly while they generate; nothing here needs flushing.
os._exit(0)
