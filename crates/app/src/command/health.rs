//! `health`: asks a running server whether it is ready, for orchestrators that start a program.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use pilothouse_model::Error;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{config::Config, exit::Exit};

/// For connecting, asking and reading.
const PATIENCE: Duration = Duration::from_secs(4);
/// The answer is far shorter.
const MAX_ANSWER: u64 = 16 * 1024;
/// `/ready` answers with this if the store answers too.
const READY: &str = "HTTP/1.1 200 ";

/// Ends well only if the server of this configuration is ready.
pub(super) async fn run(config: &Config) -> Result<Exit, Error> {
    let address = reachable(config.server.listen);
    let answer = timeout(PATIENCE, ask(address)).await;
    let answer = answer.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    let answer = answer.map_err(|error| {
        Error::unavailable(format!("no server answers at {address}: {error}"))
            .hint("start one with `pilothouse serve`")
    })?;
    if answer.starts_with(READY) {
        return Ok(Exit::Done);
    }
    let status = answer.lines().next().unwrap_or_default();
    Err(Error::unavailable(format!("the server at {address} is not ready: {status}")))
}

/// Where a server that listens on `address` can be reached from this machine.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        for (listens, asked) in [
            ("0.0.0.0:7777", "127.0.0.1:7777"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("10.0.0.5:9", "10.0.0.5:9"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
