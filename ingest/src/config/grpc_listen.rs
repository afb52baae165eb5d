//! The address for gRPC, which can be turned off.

use std::{net::SocketAddr, str::FromStr};

/// The value of `--grpc-listen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcListen {
    /// The address to listen on; port 0 takes a free one.
    At(SocketAddr),
    /// No address in addition to `--listen`.
    Off,
}

impl FromStr for GrpcListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address = text.parse().map(Self::At);
        address.map_err(|_| format!("expected an address such as 0.0.0.0:4317, or off, got {text:?}"))
    }
}
