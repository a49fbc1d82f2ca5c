//! The one HTTP client: Slack and every AWS client share its connections, its TLS setup and its roots.

mod connector;
#[cfg(test)]
pub(crate) mod testing;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::environment::Variables;

pub use connector::{sdk_http_client, was_never_sent};

/// Longest wait for a TCP and TLS connection, for AWS and Slack alike: the pool is shared, so this is too.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Variables that name a file of further roots: the AWS tools' own, and OpenSSL's.
const ROOT_FILES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// Builds the client: no redirects (an API that answers with one is misconfigured), a connect timeout and no other.
///
/// Callers limit a whole request with `RequestBuilder::timeout`; the AWS clients bring their own limits.
///
/// # Errors
/// When a file of further roots is named and cannot be used.
pub fn client(variables: &Variables) -> Result<reqwest::Client> {
    builder(variables)?.build().context("building the HTTP client")
}

/// What [`client`] is made of, for a function that must not share its connections.
///
/// # Errors
/// When a file of further roots is named and cannot be used.
pub fn builder(variables: &Variables) -> Result<reqwest::ClientBuilder> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls(variables)?)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("pipewarden/", env!("CARGO_PKG_VERSION"))))
}

/// Mozilla's roots are compiled in, parsed at build time: reading a PEM bundle would be most of the start-up.
/// They age with the binary; the file variables serve private roots and partitions with certificate authorities of their own.
fn tls(variables: &Variables) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for name in ROOT_FILES {
        if let Some(path) = variables.get(name) {
            add_roots(&mut roots, Path::new(path)).with_context(|| format!("reading the roots in {path} ({name})"))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Bundles in use hold odd certificates, so one that does not parse is passed over; none at all is an error.
fn add_roots(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let certificates = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    let (added, _ignored) = roots.add_parsable_certificates(certificates);
    ensure!(added > 0, "the file holds no certificate that can be used as a root");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_root_file_that_is_missing_is_named_with_its_variable() {
        let variables = Variables::from_pairs([("AWS_CA_BUNDLE", "/nowhere/roots.pem")]);
        let error = format!("{:#}", client(&variables).expect_err("no such file"));
        assert!(error.starts_with("reading the roots in /nowhere/roots.pem (AWS_CA_BUNDLE): "), "{error}");
    }

    #[test]
    fn a_root_file_without_a_certificate_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let variables = Variables::from_pairs([("SSL_CERT_FILE", file.path().display().to_string())]);
        let error = format!("{:#}", client(&variables).expect_err("an empty file"));
        assert!(error.ends_with("the file holds no certificate that can be used as a root"), "{error}");
    }

    /// Answers one request on a private certificate, whose text is returned with the address.
    fn private_server() -> (String, String) {
        let private = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = private.cert.pem();
        let key = rustls::pki_types::PrivateKeyDer::try_from(private.signing_key.serialize_der()).expect("a key");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .and_then(|config| config.with_no_client_auth().with_single_cert(vec![private.cert.into()], key))
                .expect("a server configuration");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a connection");
            let mut connection = rustls::ServerConnection::new(Arc::new(config)).expect("a TLS server");
            let mut stream = rustls::Stream::new(&mut connection, &mut socket);
            // The client that does not trust us closes here.
            if stream.read(&mut [0; 1024]).is_ok() {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("the client listens");
            }
        });
        (certificate, url)
    }

    #[tokio::test]
    async fn a_private_root_is_trusted_when_its_file_is_named() {
        let (certificate, url) = private_server();
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), certificate).expect("a written file");
        let variables = Variables::from_pairs([("AWS_CA_BUNDLE", file.path().display().to_string())]);
        let client = client(&variables).expect("a client");
        assert_eq!(client.get(url).send().await.expect("an answer").status(), 204);
    }

    #[tokio::test]
    async fn a_private_root_is_refused_otherwise() {
        let (_, url) = private_server();
        let client = client(&Variables::default()).expect("a client");
        let error = client.get(url).send().await.expect_err("an unknown issuer");
        assert!(error.is_connect() && format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }
}
