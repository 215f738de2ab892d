//! The MCP transport and protocol layer, over real sockets and pipes, with a backend of its own.

mod access;
mod backend;
mod bound;
mod cancel;
mod connection;
mod legacy;
mod modern;
mod question;
mod server;
mod stdio;
mod stream;
