//! HTTP/1.1 for the two servers: bytes in, bytes out; no sockets, threads or clocks.
