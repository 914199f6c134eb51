//! Ports on which nobody listens.

use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 that was free a moment ago: for a server to be, or for nobody to answer on.
///
/// # Panics
/// When the machine has no free port.
pub fn free() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("the machine has a free port")
        .port()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn nobody_answers_on_a_free_port() {
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, free())).is_err());
    }
}
