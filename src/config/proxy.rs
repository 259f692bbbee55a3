//! Which way a request takes: straight to its host, or through the proxy that the environment
//! names.
//!
//! The choice is ours and not the HTTP library's: loopback addresses are never reached through a
//! proxy, and any other host only through a tunnel (`CONNECT`), so that no proxy sees a request.

use std::net::IpAddr;
use std::sync::Arc;

/// The proxy of the environment, and the hosts that are reached without it.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    proxy: Option<Result<Proxy, String>>,
    exempt: Vec<Exempt>,
}

/// The way to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Without a proxy.
    Direct,
    /// Through a tunnel of this proxy.
    Tunnel(&'a Proxy),
    /// The environment asks for a proxy that cannot be used; one sentence.
    Unusable(&'a str),
}

/// An HTTP proxy. Its user name and password are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://host:port`, without user name and password.
    pub address: String,
    /// User name and password, still percent-encoded; wiped nowhere, since the environment has
    /// them too.
    pub login: Option<(String, String)>,
    /// Host, port and the variable that names it: what is shown.
    pub shown: Arc<str>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.shown)
    }
}

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exempt {
    Everything,
    /// A name and all names below it, at this port or at all.
    Host(String, Option<u16>),
    /// Addresses that share so many leading bits.
    Network(IpAddr, u8),
}

impl Proxies {
    /// What this process's environment says.
    #[must_use]
    pub fn of_environment() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self::read(
            &std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect::<Vec<_>>(),
        )
    }

    /// What these variables say. `https_proxy` comes before `all_proxy`, and the small spelling of
    /// a name before others; `http_proxy` is for plain HTTP, which only goes to loopback here.
    #[must_use]
    pub fn read(environment: &[(String, String)]) -> Self {
        let find = |name: &str| {
            let spelled = |wanted: &dyn Fn(&str) -> bool| {
                environment.iter().find(|(key, value)| wanted(key) && !value.trim().is_empty())
            };
            spelled(&|key| key == name)
                .or_else(|| spelled(&|key| key == name.to_ascii_uppercase()))
                .or_else(|| spelled(&|key| key.eq_ignore_ascii_case(name)))
        };
        let proxy = find("https_proxy").or_else(|| find("all_proxy"));
        let entries = find("no_proxy").map(|(_, value)| value.as_str()).unwrap_or_default();
        Self {
            proxy: proxy.map(|(name, value)| Proxy::read(name, value.trim())),
            exempt: entries.split([',', ' ', '\t', ';']).filter_map(Exempt::read).collect(),
        }
    }

    /// The way to a host, given as it stands in an address. Nothing but TLS goes through a tunnel.
    #[must_use]
    pub fn route(&self, https: bool, host: &str, port: u16) -> Route<'_> {
        let host = plain(host);
        let Some(proxy) = &self.proxy else { return Route::Direct };
        if !https
            || is_loopback(&host)
            || self.exempt.iter().any(|exempt| exempt.covers(&host, port))
        {
            return Route::Direct;
        }
        match proxy {
            Ok(proxy) => Route::Tunnel(proxy),
            Err(words) => Route::Unusable(words),
        }
    }
}

/// Whether an address leads back to this machine, however it is written.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = plain(host);
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_unspecified(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unspecified(),
        // Names below `localhost` are loopback, too (RFC 6761, 6.3).
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// A host in small letters, without the brackets of IPv6 and the dot of the root.
fn plain(host: &str) -> String {
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

impl Proxy {
    fn read(variable: &str, value: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            Err(format!(
                "the environment variable {variable} {why}: write http://host:port, or unset it, \
                 or name this host in NO_PROXY"
            ))
        };
        let (scheme, rest) = match value.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), value),
        };
        if !matches!(&*scheme, "http" | "https") {
            return wrong("names a kind of proxy that cardtop does not speak");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A password may have an `@` that is not percent-encoded.
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let default = if scheme == "https" { 443 } else { 80 };
        let Some((host, port)) = host_and_port(address) else {
            return wrong("is not the address of a proxy");
        };
        let port = port.unwrap_or(default);
        let plain_host = plain(host);
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if plain_host.is_empty() || !plain_host.chars().all(fit) {
            return wrong("is not the address of a proxy");
        }
        let host = if plain_host.contains(':') { format!("[{plain_host}]") } else { plain_host };
        let login = login.map(|login| login.split_once(':').unwrap_or((login, "")));
        let name: String =
            variable.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        Ok(Self {
            address: format!("{scheme}://{host}:{port}"),
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            shown: format!("{host}:{port} ({name})").into(),
        })
    }
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`; `None` when the port is not a number.
fn host_and_port(address: &str) -> Option<(&str, Option<u16>)> {
    let ipv6 = address.rfind(']').map(|end| end + 1);
    let colon = match ipv6 {
        Some(end) => address.get(end..)?.strip_prefix(':').map(|_| end),
        None if address.matches(':').count() > 1 => None,
        None => address.find(':'),
    };
    match colon {
        Some(colon) => Some((address.get(..colon)?, Some(address.get(colon + 1..)?.parse().ok()?))),
        None => Some((address, None)),
    }
}

impl Exempt {
    fn read(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if entry.is_empty() {
            return None;
        }
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let (address, bits) =
                (plain(address).parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Self::Network(address, bits));
        }
        let (host, port) = host_and_port(entry)?;
        let host = plain(host);
        let host = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')).unwrap_or(&host);
        (!host.is_empty()).then(|| Self::Host(host.to_owned(), port))
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let address =
            |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        match self {
            Self::Everything => true,
            Self::Host(name, only_port) => {
                let same = match (address(name), address(host)) {
                    (Some(exempt), Some(wanted)) => exempt == wanted,
                    (None, None) => host
                        .strip_suffix(&**name)
                        .is_some_and(|front| front.is_empty() || front.ends_with('.')),
                    _ => false,
                };
                same && only_port.is_none_or(|only| only == port)
            }
            Self::Network(network, bits) => match (*network, address(host)) {
                (IpAddr::V4(network), Some(IpAddr::V4(host))) => {
                    shares(network.to_bits().into(), host.to_bits().into(), 32, *bits)
                }
                (IpAddr::V6(network), Some(IpAddr::V6(host))) => {
                    shares(network.to_bits(), host.to_bits(), 128, *bits)
                }
                _ => false,
            },
        }
    }
}

/// Whether two addresses of `width` bits agree in the first `bits`.
fn shares(first: u128, second: u128, width: u8, bits: u8) -> bool {
    (first ^ second).checked_shr(u32::from(width - bits)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(environment: &[(&str, &str)]) -> Proxies {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Proxies::read(&environment.iter().map(owned).collect::<Vec<_>>())
    }

    /// The way to an address of https, by the proxy's address or in a word.
    fn way(environment: &[(&str, &str)], host: &str) -> String {
        match proxies(environment).route(true, host, 443) {
            Route::Direct => "direct".to_owned(),
            Route::Tunnel(proxy) => proxy.address.clone(),
            Route::Unusable(words) => words.to_owned(),
        }
    }

    #[test]
    fn loopback_is_never_reached_through_a_proxy() {
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "All_Proxy",
        ] {
            let proxies =
                proxies(&[(name, "http://proxy.example:3128"), ("NO_PROXY", "example.com")]);
            for host in [
                "127.0.0.1",
                "127.9.8.7",
                "[::1]",
                "::1",
                "localhost",
                "LOCALHOST",
                "LocalHost.",
                "bank.localhost",
                "[::ffff:127.0.0.1]",
                "::ffff:7f00:1",
                "0.0.0.0",
            ] {
                for https in [true, false] {
                    assert_eq!(proxies.route(https, host, 443), Route::Direct, "{name} {host}");
                }
            }
        }
    }

    #[test]
    fn other_hosts_go_through_the_proxy_only_with_tls() {
        let proxy = [("HTTPS_PROXY", "http://127.0.0.1:3128")];
        for host in [
            "cards.example.com",
            "10.0.0.1",
            "notlocalhost",
            "localhost.example.com",
            "128.0.0.1",
            "[2001:db8::1]",
        ] {
            assert_eq!(way(&proxy, host), "http://127.0.0.1:3128", "{host}");
            assert_eq!(proxies(&proxy).route(false, host, 80), Route::Direct, "{host} in clear");
        }
        assert_eq!(
            way(&[("http_proxy", "http://proxy.example:3128")], "cards.example.com"),
            "direct"
        );
        assert_eq!(way(&[], "cards.example.com"), "direct");
    }

    #[test]
    fn of_several_variables_the_nearest_counts() {
        let [a, b, c] = ["http://a.example:1", "http://b.example:2", "http://c.example:3"];
        for (environment, wanted) in [
            (vec![("HTTPS_PROXY", a), ("https_proxy", b), ("all_proxy", c)], b),
            (vec![("ALL_PROXY", a), ("HTTPS_PROXY", b)], b),
            (vec![("ALL_PROXY", a), ("https_proxy", "")], a),
            (vec![("Https_Proxy", c)], c),
            (vec![("all_proxy", "a.example:1")], a),
            (vec![("all_proxy", "a.example")], "http://a.example:80"),
            (vec![("all_proxy", "https://A.example/")], "https://a.example:443"),
            (vec![("all_proxy", "http://[::1]:8080")], "http://[::1]:8080"),
        ] {
            assert_eq!(way(&environment, "cards.example.com"), wanted, "{environment:?}");
        }
    }

    #[test]
    fn hosts_of_no_proxy_are_reached_straight() {
        for (entries, host, exempt) in [
            ("*", "cards.example.com", true),
            ("example.com", "cards.example.com", true),
            (".example.com", "cards.example.com", true),
            ("*.example.com", "CARDS.Example.Com.", true),
            ("other.example, example.com:443", "cards.example.com", true),
            ("example.com:8443", "cards.example.com", false),
            ("ample.com", "cards.example.com", false),
            ("cards.example.com.evil.example", "cards.example.com", false),
            ("10.0.0.0/8", "10.200.3.4", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("2001:db8::/32", "[2001:db8:7::1]", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("0.0.1", "10.0.0.1", false),
            ("10.0.0.0/99,,;", "10.0.0.1", false),
        ] {
            let environment = [("https_proxy", "http://proxy.example:3128"), ("NO_PROXY", entries)];
            assert_eq!(way(&environment, host) == "direct", exempt, "{entries} {host}");
        }
    }

    #[test]
    fn what_is_shown_of_a_proxy_has_no_login() {
        let proxies =
            proxies(&[("HTTPS_PROXY", "http://mara:s3c@ret@proxy.example:3128/path?s3c")]);
        let Route::Tunnel(proxy) = proxies.route(true, "cards.example.com", 443) else {
            panic!("a tunnel")
        };
        assert_eq!(&*proxy.shown, "proxy.example:3128 (HTTPS_PROXY)");
        assert_eq!(proxy.login, Some(("mara".to_owned(), "s3c@ret".to_owned())));
        let told = format!("{proxies:?} {}", proxy.address);
        assert!(!told.contains("s3c") && !told.contains("mara"), "{told}");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_said_and_not_passed_by() {
        for value in [
            "socks5://mara:s3cret@proxy.example:1080",
            "http://",
            "http://pro xy",
            "http://proxy.example:99999",
        ] {
            let words = way(&[("ALL_PROXY", value)], "cards.example.com");
            assert!(
                words.starts_with("the environment variable ALL_PROXY ")
                    && words.contains("NO_PROXY"),
                "{words}"
            );
            assert!(!words.contains("s3cret"), "{words}");
            assert_eq!(way(&[("ALL_PROXY", value)], "127.0.0.1"), "direct");
        }
    }
}
