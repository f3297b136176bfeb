"""python -m sim --port N: the simulator as a process."""

import argparse

import uvicorn

from sim.app import application
from sim.server import server_config


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser("sim", description="An LLM provider for development.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvicorn.Server(server_config(application, host=options.host, port=options.port)).run()


if __name__ == "__main__":
    main()
