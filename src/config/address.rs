//! The address of a provider's API, checked.

use std::net::IpAddr;

/// An address without a slash at its end: https, or http on this machine. Scheme and host are in
/// lower case; the path is as it was written.
///
/// # Errors
/// What is wrong with it: the end of a sentence that begins with its key.
pub fn parse(text: &str) -> Result<String, &'static str> {
    let Ok(url) = text.parse::<http::Uri>() else {
        return Err("is not an address: write one such as \"https://api.example.com\"");
    };
    let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else {
        return Err("is not a whole address: write one such as \"https://api.example.com\"");
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let local = bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let authority = url.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err("has a user name or password in it: credentials have their own table");
    }
    let port = authority.get(host.len()..).unwrap_or_default();
    if !port.is_empty() && url.port_u16().is_none_or(|port| port == 0) {
        return Err(
            "has a port that is none: write a number from 1 to 65535 behind the colon, or \
                    leave both out",
        );
    }
    if text.contains(['?', '#']) {
        return Err("has a ? or # in it: write the address up to its path");
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if local => {}
        "http" => {
            return Err("is http://, which anybody on the way can read: write https:// (http is \
                        for this machine only)");
        }
        _ => return Err("is not https://"),
    }
    let path = text.get(scheme.len() + "://".len() + authority.len()..).unwrap_or_default();
    Ok(format!(
        "{}://{}{}",
        scheme.to_ascii_lowercase(),
        authority.to_ascii_lowercase(),
        path.trim_end_matches('/')
    ))
}
