//! Ports of 127.0.0.1: free ones, and a plain word when a wanted one is taken.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

use super::trouble::trouble;

/// A port nobody listens on. Somebody may take it before we do; then starting fails and says so.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("127.0.0.1 has no free port")?;
    Ok(listener.local_addr().context("a listener without an address")?.port())
}

/// The port, if nobody listens on it.
pub(crate) fn wanted(port: u16) -> Result<u16> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(port),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(trouble!(
            "port {port} of 127.0.0.1 is in use; stop what listens there, choose another port, or leave out --port"
        )),
        Err(error) => Err(trouble!("port {port} of 127.0.0.1 cannot be used: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_one_clear_sentence() {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = busy.local_addr().unwrap().port();
        let error = wanted(port).unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {port} of 127.0.0.1 is in use;")), "{error}");
        assert!(wanted(free().unwrap()).is_ok());
    }
}
