import socket
from pathlib import Path

import pytest

from netra.launch.failures import LaunchError
from netra.launch.places import Places
from netra.launch.ports import is_free, pick_free, require_free, service_ports


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(LaunchError) as refusal:
            require_free(port, "--portal-port")
    assert str(refusal.value) == (
        f"port {port} is taken by another program; "
        "stop it or choose another with --portal-port PORT"
    )


def test_a_picked_port_is_below_those_of_outgoing_connections() -> None:
    assert pick_free() in range(20_000, 32_000)


def test_services_keep_their_ports(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    first = service_ports(places, ["postgres", "queue"])
    assert service_ports(places, ["queue", "postgres", "cache"]).items() > first.items()


def test_a_service_whose_port_was_taken_moves(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    first = service_ports(places, ["postgres"])
    with socket.create_server(("127.0.0.1", first["postgres"])):
        moved = service_ports(places, ["postgres"])
    assert moved != first
    assert service_ports(places, ["postgres"]) == moved
