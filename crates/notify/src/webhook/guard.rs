//! Which addresses may be called. Whoever can write a URL into the configuration must not thereby reach what only this machine can: its own
//! services, a cloud's metadata, the inside of a network. Most webhooks of operations do live in private networks, so these can be allowed one
//! by one.

use futures::FutureExt as _;
use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Networks that may be called although they are private.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Arc<[IpNet]>);

/// Not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network: {0}")]
pub struct NotANetwork(String);

impl Allowed {
    /// `10.0.0.0/8`, `192.168.1.7`, `fd00::/8`.
    ///
    /// # Errors
    /// One of them is none.
    pub fn parse(texts: &[String]) -> Result<Self, NotANetwork> {
        let one = |text: &String| {
            let text = text.trim();
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| NotANetwork(crate::text::line(text, crate::text::NAME)))
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Never: link-local, metadata services, multicast, unspecified, reserved.
    Never,
    /// Only if it is allowed: private, this machine, documentation, benchmarks.
    NotAllowed,
}

/// Metadata services that do not lie in the link-local range: Alibaba Cloud and AWS over IPv6.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether `address` may be called. IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) is judged as the IPv4 that it reaches.
pub fn refusal(address: IpAddr, allowed: &Allowed) -> Option<Refusal> {
    let address = match address {
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let refusal = match address {
        IpAddr::V4(v4) => judge_v4(v4),
        IpAddr::V6(v6) => judge_v6(v6),
    };
    match refusal {
        Some(Refusal::NotAllowed) if allowed.holds(address) => None,
        other => other,
    }
}

/// The ranges of IANA's special-purpose registry, except the few that are reachable everywhere.
fn judge_v4(v4: Ipv4Addr) -> Option<Refusal> {
    let [a, b, c, _] = v4.octets();
    let never = v4.is_unspecified()
        || v4.is_broadcast()
        || v4.is_multicast()
        || v4.is_link_local()
        || v4 == METADATA_V4
        || a == 0
        || a >= 240;
    if never {
        return Some(Refusal::Never);
    }
    let private = v4.is_loopback()
        || v4.is_private()
        || v4.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    private.then_some(Refusal::NotAllowed)
}

fn judge_v6(v6: Ipv6Addr) -> Option<Refusal> {
    let first = v6.segments()[0];
    let never = v6.is_unspecified()
        || v6.is_multicast()
        || v6 == METADATA_V6
        || (first & 0xffc0) == 0xfe80
        || (first & 0xffc0) == 0xfec0;
    if never {
        return Some(Refusal::Never);
    }
    // only 2000::/3 is routed at large; in it Teredo, ORCHID and documentation are not for calling
    let second = v6.segments()[1];
    let odd = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    (v6.is_loopback() || (first & 0xe000) != 0x2000 || odd || first == 0x3fff)
        .then_some(Refusal::NotAllowed)
}

/// The IPv4 address that an IPv6 address leads to.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let from = |hi: u16, lo: u16| Some(Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, hi, lo] => from(hi, lo),
        [0, 0, 0, 0, 0xffff, 0, hi, lo] => from(hi, lo),
        [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] => from(hi, lo),
        [0x2002, hi, lo, ..] => from(hi, lo),
        [0, 0, 0, 0, 0, 0, hi, lo] if hi != 0 => from(hi, lo),
        _ => None,
    }
}

/// The address that stands in the URL itself.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let bare = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

/// The name leads to addresses that may not be called; the first of them.
#[derive(Debug, thiserror::Error)]
#[error("address {0} is not allowed")]
pub(super) struct AddressRefused(pub IpAddr);

/// The name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("unknown host")]
pub(super) struct UnknownHost;

/// Resolves once, and hands on only what may be called: the connection goes to exactly these addresses, so that a name server that answers
/// otherwise the second time gains nothing.
#[derive(Clone)]
pub(super) struct GuardedDns {
    pub allowed: Allowed,
}

impl Resolve for GuardedDns {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|_| UnknownHost)?.collect();
            // one bad address spoils the name: it is a trick or a mistake
            if let Some(bad) = found.iter().find(|a| refusal(a.ip(), &allowed).is_some()) {
                return Err(AddressRefused(bad.ip()).into());
            }
            if found.is_empty() {
                return Err(UnknownHost.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(address: &str, allow: &[&str]) -> Option<Refusal> {
        let allow: Vec<String> = allow.iter().map(|s| (*s).to_owned()).collect();
        let allowed = Allowed::parse(&allow).expect("networks");
        refusal(address.parse().expect("an address"), &allowed)
    }

    #[test]
    fn public_addresses_are_free() {
        for a in ["8.8.8.8", "223.5.5.5", "2400:3200::1", "2606:4700::1111"] {
            assert_eq!(judged(a, &[]), None, "{a}");
        }
    }

    #[test]
    fn private_ones_only_when_allowed() {
        for a in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "192.0.0.1",
            "::1",
            "fd12::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ] {
            assert_eq!(judged(a, &[]), Some(Refusal::NotAllowed), "{a}");
            assert_eq!(judged(a, &["0.0.0.0/0", "::/0"]), None, "{a}");
        }
        assert_eq!(judged("10.1.2.3", &["10.1.2.3"]), None);
        assert_eq!(judged("10.1.2.4", &["10.1.2.3"]), Some(Refusal::NotAllowed));
        assert_eq!(judged("::ffff:10.1.2.3", &["10.0.0.0/8"]), None);
    }

    #[test]
    fn metadata_and_their_like_never() {
        for a in [
            "169.254.169.254",
            "100.100.100.200",
            "fd00:ec2::254",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "240.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ] {
            assert_eq!(
                judged(a, &["0.0.0.0/0", "::/0"]),
                Some(Refusal::Never),
                "{a}"
            );
        }
    }

    #[test]
    fn only_networks_are_networks() {
        for bad in ["localhost", "10.0.0.0/33", "10.0.0", ""] {
            assert!(Allowed::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
