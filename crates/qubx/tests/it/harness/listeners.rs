//! The TCP listeners of a process, as the system has them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What the system's table calls a socket that listens.
const LISTENS: &str = "0A";

/// Returns the addresses that a process listens on; none when it has ended.
pub(crate) fn listeners_of(pid: u32) -> Vec<SocketAddr> {
    let own = sockets_of(pid);
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        found.extend(text.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            (fields[3] == LISTENS && own.contains(fields[9])).then(|| address(fields[1]))
        }));
    }
    found
}

/// Returns the inodes of a process's open sockets.
fn sockets_of(pid: u32) -> BTreeSet<String> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    let targets = descriptors.filter_map(|descriptor| std::fs::read_link(descriptor.ok()?.path()).ok());
    let inode = |target: std::path::PathBuf| {
        Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    targets.filter_map(inode).collect()
}

/// Reads an address as the table has it: words of four bytes, each in the machine's order.
fn address(text: &str) -> SocketAddr {
    let (host, port) = text.split_once(':').expect("an address and a port");
    let words = host.as_bytes().chunks(8).flat_map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).unwrap(), 16).unwrap();
        word.to_ne_bytes()
    });
    let bytes: Vec<u8> = words.collect();
    let host: IpAddr = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(bytes) => Ipv4Addr::from(bytes).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..]).unwrap()).into(),
    };
    SocketAddr::new(host, u16::from_str_radix(port, 16).unwrap())
}
