//! TLS as cardtop wants it: rustls, the platform's roots, and where configured the server's public
//! key pinned on top of them.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::crypto::{equal, sha256};

/// The settings of a connection. With `pin`, a certificate that the platform trusts is refused all
/// the same unless the SHA-256 of its public key is this; nothing is sent to such a server.
///
/// # Errors
/// When the cipher suites cannot be set up.
pub(super) fn client(pin: Option<[u8; 32]>) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Pinned { trusted: of_platform, pin });
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    let mut config =
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The platform's verifier; `None` where this machine has no CA certificates: it can still talk to
/// its own loopback, and every https server is refused with a sentence that says what is missing.
/// The roots, hundreds of files on some systems, are read once for all accounts, by the first
/// connection and not before the first frame.
fn of_platform() -> Option<&'static dyn ServerCertVerifier> {
    static PLATFORM: OnceLock<Option<Verifier>> = OnceLock::new();
    let read = || Verifier::new(Arc::new(aws_lc_rs::default_provider())).ok();
    PLATFORM.get_or_init(read).as_ref().map(|verifier| verifier as &dyn ServerCertVerifier)
}

fn no_roots() -> Error {
    Error::General(
        "this machine has no CA certificates to check servers by: install its ca-certificates \
         package"
            .to_owned(),
    )
}

/// Checks certificates by the platform's rules and then, where one is configured, by the pin.
#[derive(Debug)]
struct Pinned {
    /// Who says which servers are trusted, asked at the first of them; `None`: none is.
    trusted: fn() -> Option<&'static dyn ServerCertVerifier>,
    pin: Option<[u8; 32]>,
}

impl Pinned {
    fn trusted(&self) -> Result<&'static dyn ServerCertVerifier, Error> {
        (self.trusted)().ok_or_else(no_roots)
    }
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
        let verified = self.trusted()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        match self.pin {
            Some(pin) if !equal(&key_hash(end_entity)?, &pin) => Err(Error::General(
                "its public key is not the one that pin_certificate names, and nothing was sent: \
                 change the setting only when the provider confirms its new key"
                    .to_owned(),
            )),
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted()?.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trusted()?.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let any = || vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256];
        (self.trusted)().map_or_else(any, ServerCertVerifier::supported_verify_schemes)
    }
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo.
fn key_hash(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, Error> {
    let certificate = webpki::EndEntityCert::try_from(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(sha256(&certificate.subject_public_key_info()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, HEXLOWER};

    /// A self-signed certificate made for this test with OpenSSL.
    const CERTIFICATE: &str = "\
        MIIBrTCCAVOgAwIBAgIUSoyMkNRmRmgXrV9LZhWK2cdh71MwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwR\
        Y2FyZHMuZXhhbXBsZS5jb20wIBcNMjYxMTIxMTI0ODU0WhgPMjEyNjEwMjgxMjQ4NTRaMBwxGjAYBgNV\
        BAMMEWNhcmRzLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELeCMWAfeiup2ZZ4a\
        DZzsZ/mU6vt4+LRDGw7+W9iIiZynBq1GGuKi3njVx+hnpRNcMeFojVAfL1UNVujqcrbsF6NxMG8wHQYD\
        VR0OBBYEFN7euwTpu6Wx7YuWsgxzTQsY9f9nMB8GA1UdIwQYMBaAFN7euwTpu6Wx7YuWsgxzTQsY9f9n\
        MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRY2FyZHMuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwID\
        SAAwRQIhANPDbXHEaRec/+VMEzlV00k7HgQGBgxB8HsgKq8+3YNlAiA/88T87nkwD5JgFRRTb9ZLlWxM\
        ItNEJB/oNQvLvoP/kA==";

    /// SHA-256 of its public key, as OpenSSL tells it.
    const KEY: &str = "0f225092700624c2ce0317503216a853979151b0f6ba09d94dd51dafcc4bc4dd";

    /// Trusts everybody, so that only the pin decides.
    #[derive(Debug)]
    struct Anybody;

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Vec::new()
        }
    }

    fn verified(pin: Option<[u8; 32]>) -> Result<ServerCertVerified, Error> {
        let certificate =
            CertificateDer::from(BASE64.decode(CERTIFICATE.as_bytes()).expect("base 64"));
        let name = ServerName::try_from("cards.example.com").expect("a name");
        Pinned { trusted: || Some(&Anybody), pin }.verify_server_cert(
            &certificate,
            &[],
            &name,
            &[],
            UnixTime::since_unix_epoch(std::time::Duration::ZERO),
        )
    }

    #[test]
    fn only_the_pinned_key_is_taken() {
        let pin: [u8; 32] =
            HEXLOWER.decode(KEY.as_bytes()).expect("hexadecimal").try_into().expect("32 bytes");
        assert!(verified(Some(pin)).is_ok());
        assert!(verified(None).is_ok());
        let error = verified(Some([7; 32])).expect_err("another key").to_string();
        assert!(error.contains("pin_certificate"), "{error}");
    }

    #[test]
    fn a_machine_without_certificates_trusts_nobody_and_says_what_to_install() {
        let nobody = Pinned { trusted: || None, pin: None };
        let name = ServerName::try_from("cards.example.com").expect("a name");
        let at = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
        let error = nobody
            .verify_server_cert(&CertificateDer::from(vec![1]), &[], &name, &[], at)
            .expect_err("nobody");
        assert!(error.to_string().contains("ca-certificates"), "{error}");
        assert!(
            !nobody.supported_verify_schemes().is_empty(),
            "else the handshake ends before it can be said"
        );
    }

    #[test]
    fn a_connection_can_be_set_up_with_the_platforms_roots() {
        assert!(client(None).is_ok_and(|config| config.alpn_protocols.len() == 2));
    }
}
