//! Whether a domain is delegated to a zone: who its name servers are, as its parent says. Walks down from the root servers, so that no
//! resolver's cache answers; what cannot be found out (no network, no reply) is unknown, and never an answer. Speaks DNS over UDP; in
//! a simulated AWS, and where another endpoint stands for it, nobody is asked.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use simple_dns::rdata::{A, NS, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, ResourceRecord, TYPE};
use tokio::net::{UdpSocket, lookup_host};

/// Some of the root servers: a, b, f, j and k.
const ROOTS: [Ipv4Addr; 5] = [
    Ipv4Addr::new(198, 41, 0, 4),
    Ipv4Addr::new(170, 247, 170, 2),
    Ipv4Addr::new(192, 5, 5, 241),
    Ipv4Addr::new(192, 58, 128, 30),
    Ipv4Addr::new(193, 0, 14, 129),
];
const PORT: u16 = 53;
/// How long a server has for its reply.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many servers of one domain are asked.
const TRIES: usize = 3;
/// How often one server sends on to others: a name has no more parts that are delegated.
const HOPS: usize = 12;
/// Longest reply.
const REPLY: usize = 4096;

/// Who answers for a domain, as its parent says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delegated {
    /// To these name servers, in lower case without the last dot.
    To(BTreeSet<String>),
    /// To nobody.
    Nowhere,
    /// Nobody has said.
    Unknown,
}

/// Asks for delegations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delegations {
    roots: Vec<SocketAddr>,
    port: u16,
}

impl Delegations {
    /// Asks the servers of the world.
    pub fn of_the_world() -> Self {
        Self { roots: ROOTS.iter().map(|root| SocketAddr::new(IpAddr::V4(*root), PORT)).collect(), port: PORT }
    }

    /// Asks these, and whom they name at their port.
    pub fn from(root: SocketAddr) -> Self {
        Self { roots: vec![root], port: root.port() }
    }

    /// Asks nobody.
    pub fn none() -> Self {
        Self { roots: Vec::new(), port: PORT }
    }

    /// Who answers for a domain.
    pub async fn of(&self, domain: &str) -> Delegated {
        let domain = domain.to_lowercase();
        let mut servers = self.roots.clone();
        for _ in 0..HOPS {
            match first(&servers, &domain).await {
                Some(Said::Done(delegated)) => return delegated,
                Some(Said::Ask(referral)) => servers = self.addresses(referral).await,
                None => return Delegated::Unknown,
            }
        }
        Delegated::Unknown
    }

    /// Where the servers of a referral are.
    async fn addresses(&self, referral: Referral) -> Vec<SocketAddr> {
        let mut found: Vec<SocketAddr> =
            referral.glue.into_iter().map(|address| SocketAddr::new(IpAddr::V4(address), self.port)).collect();
        if !found.is_empty() {
            return found;
        }
        for server in referral.servers.into_iter().take(TRIES) {
            let asked = tokio::time::timeout(PATIENCE, lookup_host((server, self.port))).await;
            found.extend(asked.into_iter().flatten().flatten().filter(SocketAddr::is_ipv4));
        }
        found
    }
}

/// Servers that know more.
struct Referral {
    servers: Vec<String>,
    glue: Vec<Ipv4Addr>,
}

/// What a server says.
enum Said {
    Done(Delegated),
    Ask(Referral),
}

/// What the first of some servers says that replies.
async fn first(servers: &[SocketAddr], domain: &str) -> Option<Said> {
    for server in servers.iter().take(TRIES) {
        if let Some(reply) = ask(*server, domain).await
            && let Some(said) = read(&reply, domain)
        {
            return Some(said);
        }
    }
    None
}

async fn ask(server: SocketAddr, domain: &str) -> Option<Vec<u8>> {
    // A socket of its own for each question: only a reply from that server arrives, at a port that nobody knows.
    let own = if server.ip().is_loopback() { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
    let socket = UdpSocket::bind((own, 0)).await.ok()?;
    socket.connect(server).await.ok()?;
    let id = socket.local_addr().ok()?.port();
    let mut packet = Packet::new_query(id);
    let name = Name::new(domain).ok()?;
    packet.questions.push(Question::new(name, TYPE::NS.into(), CLASS::IN.into(), false));
    socket.send(&packet.build_bytes_vec_compressed().ok()?).await.ok()?;
    let mut reply = vec![0; REPLY];
    let length = tokio::time::timeout(PATIENCE, socket.recv(&mut reply)).await.ok()?.ok()?;
    reply.truncate(length);
    (Packet::parse(&reply).ok()?.id() == id).then_some(reply)
}

/// What a reply means for a domain; `None` if it says nothing.
fn read(reply: &[u8], domain: &str) -> Option<Said> {
    let packet = Packet::parse(reply).ok()?;
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Some(Said::Done(Delegated::Nowhere)),
        _ => return None,
    }
    let records = || packet.answers.iter().chain(&packet.name_servers);
    let own: BTreeSet<String> = records().filter(|record| plain(&record.name) == domain).filter_map(server).collect();
    if !own.is_empty() {
        return Some(Said::Done(Delegated::To(own)));
    }
    let above = |record: &&ResourceRecord<'_>| {
        let name = plain(&record.name);
        domain.ends_with(&format!(".{name}"))
    };
    let servers: Vec<String> = packet.name_servers.iter().filter(above).filter_map(server).collect();
    if servers.is_empty() {
        let certain = packet.has_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        return certain.then_some(Said::Done(Delegated::Nowhere));
    }
    let glue = packet.additional_records.iter().filter(|record| servers.contains(&plain(&record.name)));
    let glue = glue.filter_map(|record| match &record.rdata {
        RData::A(A { address }) => Some(Ipv4Addr::from(*address)),
        _ => None,
    });
    Some(Said::Ask(Referral { glue: glue.collect(), servers }))
}

fn server(record: &ResourceRecord<'_>) -> Option<String> {
    match &record.rdata {
        RData::NS(NS(name)) => Some(plain(name)),
        _ => None,
    }
}

fn plain(name: &Name<'_>) -> String {
    name.to_string().trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server on this machine that answers as all servers of a small world: the root, `example`, and nobody else.
    async fn world() -> SocketAddr {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut seen = BTreeSet::new();
            loop {
                let mut question = vec![0; 512];
                let Ok((length, from)) = socket.recv_from(&mut question).await else { return };
                let packet = Packet::parse(&question[..length]).unwrap();
                let name = plain(&packet.questions[0].qname);
                // Asked for the first time it is the root, then the server of `example`.
                let root = seen.insert(name.clone());
                let reply = answer(packet.id(), &name, root);
                socket.send_to(&reply, from).await.unwrap();
            }
        });
        address
    }

    fn answer(id: u16, name: &str, root: bool) -> Vec<u8> {
        let mut packet = Packet::new_reply(id);
        let ns = |of: &'static str, to: &'static str| {
            let rdata = RData::NS(NS(Name::new(to).unwrap()));
            ResourceRecord::new(Name::new(of).unwrap(), CLASS::IN, 60, rdata)
        };
        if root && name.ends_with(".example") {
            packet.name_servers.push(ns("example", "a.nic.example"));
            let rdata = RData::A(A { address: Ipv4Addr::LOCALHOST.into() });
            packet.additional_records.push(ResourceRecord::new(
                Name::new("a.nic.example").unwrap(),
                CLASS::IN,
                60,
                rdata,
            ));
        } else if name == "there.example" {
            packet.name_servers.push(ns("there.example", "NS-1.awsdns-01.org"));
            packet.name_servers.push(ns("there.example", "ns-2.awsdns-02.com"));
        } else if name == "empty.example" {
            packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        } else if name == "lame.example" {
            *packet.rcode_mut() = RCODE::ServerFailure;
        } else {
            *packet.rcode_mut() = RCODE::NameError;
        }
        packet.build_bytes_vec_compressed().unwrap()
    }

    #[tokio::test]
    async fn a_delegation_is_what_the_parent_says() {
        let delegations = Delegations::from(world().await);
        let servers = ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"].map(str::to_owned).into();
        assert_eq!(delegations.of("There.Example").await, Delegated::To(servers));
        assert_eq!(delegations.of("gone.example").await, Delegated::Nowhere);
        assert_eq!(delegations.of("empty.example").await, Delegated::Nowhere);
        assert_eq!(delegations.of("no-such-tld").await, Delegated::Nowhere);
    }

    #[tokio::test]
    async fn what_nobody_says_is_unknown() {
        let delegations = Delegations::from(world().await);
        assert_eq!(delegations.of("lame.example").await, Delegated::Unknown);
        assert_eq!(Delegations::none().of("there.example").await, Delegated::Unknown);
    }
}
