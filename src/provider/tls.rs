//! TLS as cardtop wants it: rustls, the platform's roots, and where configured the server's public key pinned on top of them.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::crypto::{equal, sha256};

/// The settings of a connection. With `pin`, a certificate that the platform trusts is refused all the same unless the SHA-256 of its
/// public key is this; nothing is sent to such a server.
///
/// # Errors
/// When the platform's roots cannot be loaded.
pub(super) fn client(pin: Option<[u8; 32]>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let platform: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new(Arc::clone(&provider))?);
    with(provider, platform, pin)
}

fn with(
    provider: Arc<CryptoProvider>,
    trusted: Arc<dyn ServerCertVerifier>,
    pin: Option<[u8; 32]>,
) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Pinned { trusted, pin });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Everything that the inner verifier asks, and the pin.
#[derive(Debug)]
struct Pinned {
    trusted: Arc<dyn ServerCertVerifier>,
    pin: Option<[u8; 32]>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.trusted.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        match self.pin {
            Some(pin) if !equal(&key_hash(end_entity)?, &pin) => {
                Err(Error::General("the server's public key is not the one pinned by pin_certificate".to_owned()))
            }
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.supported_verify_schemes()
    }
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo.
fn key_hash(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    let certificate =
        webpki::EndEntityCert::try_from(certificate).map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(sha256(&certificate.subject_public_key_info()))
}
