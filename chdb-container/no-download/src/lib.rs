//! Replaces reqwest 0.11 for the build script of `chdb-rust`, its only user.
//!
//! That build script can download libchdb. `cargo xtask setup` and the Dockerfile bring libchdb themselves and set
//! `CHDB_LIB_DIR`, so the download never runs. The real crate would add 36 packages to every build, OpenSSL among them.
//! `[patch.crates-io]` in the workspace's `Cargo.toml` puts this crate in its place.

/// The blocking client.
pub mod blocking {
    use std::fmt;
    use std::io::Write;
    use std::time::Duration;

    const ADVICE: &str = "this build does not download libchdb: set CHDB_LIB_DIR, or run `cargo xtask setup`";

    /// The error of every request.
    #[derive(Debug)]
    pub struct Error;

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(ADVICE)
        }
    }

    impl std::error::Error for Error {}

    /// A client that refuses every request.
    #[derive(Debug)]
    pub struct Client;

    impl Client {
        /// Returns a builder of the client.
        #[must_use]
        pub fn builder() -> ClientBuilder {
            ClientBuilder
        }

        /// Returns a request that fails when it is sent.
        #[must_use]
        pub fn get(&self, _url: &str) -> RequestBuilder {
            RequestBuilder
        }
    }

    /// Builds a [`Client`].
    #[derive(Debug)]
    pub struct ClientBuilder;

    impl ClientBuilder {
        /// Ignores the timeout.
        #[must_use]
        pub fn timeout(self, _timeout: Duration) -> Self {
            self
        }

        /// Returns the client.
        ///
        /// # Errors
        /// Never.
        pub fn build(self) -> Result<Client, Error> {
            Ok(Client)
        }
    }

    /// A request.
    #[derive(Debug)]
    pub struct RequestBuilder;

    impl RequestBuilder {
        /// Fails.
        ///
        /// # Errors
        /// Always, with the advice to set `CHDB_LIB_DIR`.
        pub fn send(self) -> Result<Response, Error> {
            Err(Error)
        }
    }

    /// A response, which no request returns.
    #[derive(Debug)]
    pub enum Response {}

    impl Response {
        /// Returns the status.
        #[must_use]
        pub fn status(&self) -> Status {
            match *self {}
        }

        /// Copies the body.
        ///
        /// # Errors
        /// Never: there is no response.
        pub fn copy_to(&mut self, _target: &mut impl Write) -> Result<u64, Error> {
            match *self {}
        }
    }

    /// The status of a response.
    #[derive(Debug)]
    pub enum Status {}

    impl Status {
        /// Returns true for 200 to 299.
        #[must_use]
        pub fn is_success(&self) -> bool {
            match *self {}
        }
    }

    impl fmt::Display for Status {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }
}
