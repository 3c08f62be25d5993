"""Python's asyncio: protocols, which are its quicker half.

asyncio.py echo|lines|sink|source|udp PORT
"""
import sys

# This file's own name must not stand for the module's.
sys.path.pop(0)
import asyncio  # noqa: E402

PIECE = b"0123456789abcdef" * 4096


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Lines(Echo):
    """Cut by hand, which is much quicker than asyncio's streams; the answers
    of one piece leave together."""

    unfinished = b""

    def data_received(self, data):
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        self.transport.write(b"".join(line + b"\n" for line in lines))


class Sink(asyncio.Protocol):
    pass


class Source(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.resume_writing()

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        while not self.paused and not self.transport.is_closing():
            self.transport.write(PIECE)


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def main(mode, port):
    loop = asyncio.get_running_loop()
    if mode == "udp":
        await loop.create_datagram_endpoint(Datagrams, ("127.0.0.1", port))
    else:
        protocol = {"echo": Echo, "lines": Lines, "sink": Sink, "source": Source}[mode]
        await loop.create_server(protocol, "127.0.0.1", port, backlog=4096)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
