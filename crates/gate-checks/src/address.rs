//! Which addresses a gate may call.
//!
//! A policy names URLs, and whoever may write a policy must not be able to make the gate's function read what only that
//! function can reach: its own credentials, the VPC's services, another container. So the rule is applied to what a name
//! resolved to, for each connection and each redirect, never to the name alone.
//!
//! Sources: the IANA special-purpose address registries (RFC 6890 and what was added later), Amazon's lists of link-local
//! services (EC2 user guide, "Instance metadata"; ECS, "Task metadata"; EKS, "Pod Identity").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a gate may call `address`; `private` allows the private, carrier-grade and unique local ranges.
///
/// An IPv6 address in which an IPv4 address is hidden (mapped, NAT64, 6to4, Teredo) is refused whatever it hides. Of IPv6
/// only global unicast (`2000::/3`) is allowed, so that what nobody has assigned yet is refused, too.
///
/// # Errors
/// The name of the range, in a sentence that can be shown.
pub fn address_is_allowed(address: IpAddr, private: bool) -> Result<(), String> {
    let range = match address {
        IpAddr::V4(address) => range_of(V4, address.to_bits().into(), 32),
        IpAddr::V6(address) => range_of(V6, address.to_bits(), 128).or_else(|| unassigned(address)),
    };
    match range {
        None => Ok(()),
        Some((_, Reach::Private)) if private => Ok(()),
        Some((name, Reach::Private)) => {
            Err(format!("{address} is {name}; write `private: true` if this check may call such addresses"))
        }
        Some((name, Reach::Never)) => Err(format!("{address} is {name}, which a gate never calls")),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Reach {
    Never,
    Private,
}

/// First address, length of the prefix, what people call it.
type Range<Ip> = (Ip, u32, &'static str, Reach);

/// The first that matches counts, so an exception stands before the range it is taken from.
const V4: &[Range<Ipv4Addr>] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this host", Reach::Never),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address", Reach::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier-grade NAT address", Reach::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address", Reach::Never),
    (Ipv4Addr::new(169, 254, 169, 254), 32, "the instance metadata service", Reach::Never),
    (Ipv4Addr::new(169, 254, 170, 2), 32, "the task credentials of ECS", Reach::Never),
    (Ipv4Addr::new(169, 254, 170, 23), 32, "the pod credentials of EKS", Reach::Never),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address", Reach::Never),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address", Reach::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an address for protocol assignments", Reach::Never),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "an address for documentation", Reach::Never),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay", Reach::Never),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address", Reach::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "an address for benchmarks", Reach::Never),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "an address for documentation", Reach::Never),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "an address for documentation", Reach::Never),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address", Reach::Never),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "the broadcast address", Reach::Never),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address", Reach::Never),
];

const V6: &[Range<Ipv6Addr>] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address", Reach::Never),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address", Reach::Never),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "an IPv4 address in IPv6 clothes", Reach::Never),
    (Ipv6Addr::UNSPECIFIED, 96, "an IPv4 address in IPv6 clothes", Reach::Never),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "a NAT64 address", Reach::Never),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a NAT64 address", Reach::Never),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "a discard address", Reach::Never),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "a Teredo address", Reach::Never),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an address for protocol assignments", Reach::Never),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "an address for documentation", Reach::Never),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address", Reach::Never),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "an address for documentation", Reach::Never),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "a segment routing address", Reach::Never),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23), 128, "the pod credentials of EKS", Reach::Never),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, "the instance metadata service", Reach::Never),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, "a local service of the instance", Reach::Never),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a unique local address", Reach::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local address", Reach::Never),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a site-local address", Reach::Never),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address", Reach::Never),
];

fn range_of<Ip: Into<IpAddr> + Copy>(ranges: &[Range<Ip>], address: u128, width: u32) -> Option<(&'static str, Reach)> {
    let is_in = |first: Ip, length: u32| (bits(first.into()) ^ address) >> (width - length) == 0;
    ranges.iter().find(|(first, length, ..)| is_in(*first, *length)).map(|(.., name, reach)| (*name, *reach))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn unassigned(address: Ipv6Addr) -> Option<(&'static str, Reach)> {
    (address.segments()[0] >> 13 != 1).then_some(("not a global unicast address", Reach::Never))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(address: &str) -> Option<Reach> {
        let address = address.parse().unwrap();
        match (address_is_allowed(address, false), address_is_allowed(address, true)) {
            (Ok(()), Ok(())) => None,
            (Err(_), Ok(())) => Some(Reach::Private),
            (Err(_), Err(_)) => Some(Reach::Never),
            (Ok(()), Err(_)) => panic!("{address}: a permission takes something away"),
        }
    }

    #[test]
    fn first_and_last_address_of_each_special_range_are_refused() {
        for range in NEVER {
            let (first, last) = range.split_once(' ').unwrap();
            assert_eq!((reach(first), reach(last)), (Some(Reach::Never), Some(Reach::Never)), "{range}");
        }
    }

    /// The registries' ranges that are not globally reachable, and what Amazon serves on link-local addresses.
    const NEVER: &[&str] = &[
        "0.0.0.0 0.255.255.255",
        "127.0.0.0 127.255.255.255",
        "169.254.0.0 169.254.255.255",
        "169.254.169.254 169.254.169.254",
        "169.254.170.2 169.254.170.23",
        "169.254.169.123 169.254.169.253",
        "192.0.0.0 192.0.0.255",
        "192.0.2.0 192.0.2.255",
        "192.88.99.0 192.88.99.255",
        "198.18.0.0 198.19.255.255",
        "198.51.100.0 198.51.100.255",
        "203.0.113.0 203.0.113.255",
        "224.0.0.0 239.255.255.255",
        "240.0.0.0 255.255.255.254",
        "255.255.255.255 255.255.255.255",
        ":: ::1",
        "::2 ::ffff:ffff",
        "::127.0.0.1 ::8.8.8.8",
        "::ffff:0.0.0.0 ::ffff:255.255.255.255",
        "::ffff:169.254.169.254 ::ffff:8.8.8.8",
        "64:ff9b:: 64:ff9b::ffff:ffff",
        "64:ff9b::169.254.169.254 64:ff9b::10.0.0.1",
        "64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        "100:: 100::ffff:ffff:ffff:ffff",
        "100:0:0:1:: 100:0:0:1:ffff:ffff:ffff:ffff",
        "2001:: 2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:2:: 2001:2:0:ffff:ffff:ffff:ffff:ffff",
        "2001:10:: 2001:2f:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:1:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002:a9fe:a9fe:: 2002:7f00:1::",
        "3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd00:ec2::254 fd00:ec2::23",
        "fd00:ec2::123 fd00:ec2::253",
        "fd00:ec2:: fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff",
        "fe80:: febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fec0:: feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ff00:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "1:: 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "4000:: fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];

    #[test]
    fn private_ranges_need_a_word_in_the_policy() {
        for address in [
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "fc00::",
            "fd00:ec1:ffff::",
            "fd00:ec3::254",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert_eq!(reach(address), Some(Reach::Private), "{address}");
        }
    }

    #[test]
    fn neighbours_of_special_ranges_are_ordinary() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "8.8.8.8",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2003::",
            "2600:1f00::1",
            "3ffe:ffff::",
        ] {
            assert_eq!(reach(address), None, "{address}");
        }
    }

    #[test]
    fn a_refusal_names_the_range_and_what_to_write() {
        let told = |address: &str| address_is_allowed(address.parse().unwrap(), false).unwrap_err();
        assert_eq!(
            told("169.254.169.254"),
            "169.254.169.254 is the instance metadata service, which a gate never calls"
        );
        assert_eq!(told("fd00:ec2::23"), "fd00:ec2::23 is the pod credentials of EKS, which a gate never calls");
        assert_eq!(
            told("10.1.2.3"),
            "10.1.2.3 is a private address; write `private: true` if this check may call such addresses"
        );
    }

    proptest! {
        #[test]
        fn an_ipv4_address_hidden_in_ipv6_is_refused_whatever_it_is(hidden in any::<u32>(), low in any::<u64>()) {
            let [a, b, c, d] = hidden.to_be_bytes();
            let (high, rest) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let low = [48, 32, 16, 0].map(|shift| (low >> shift) as u16);
            for address in [
                Ipv4Addr::from(hidden).to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, rest),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, rest),
                Ipv6Addr::new(0x64, 0xff9b, 1, low[0], low[1], low[2], high, rest),
                Ipv6Addr::new(0x2002, high, rest, low[0], low[1], low[2], low[3], 0),
                Ipv6Addr::new(0x2001, 0, low[0], low[1], low[2], low[3], !high, !rest),
            ] {
                prop_assert!(address_is_allowed(address.into(), true).is_err(), "{}", address);
            }
        }

        #[test]
        fn what_the_standard_library_calls_special_is_never_allowed(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_unspecified() || address.is_broadcast() || address.is_documentation();
            prop_assert!(!special || address_is_allowed(address.into(), true).is_err());
            prop_assert!(!address.is_private() || address_is_allowed(address.into(), false).is_err());
        }

        #[test]
        fn a_permission_takes_nothing_away(bits in any::<u128>()) {
            let address = IpAddr::V6(bits.into());
            prop_assert!(address_is_allowed(address, false).is_err() || address_is_allowed(address, true).is_ok());
        }
    }
}
