//! A microburst proxy in front of a moto server: throttling, server errors, lost replies on the wire, by rule, with a log of
//! what really fired.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::moto::{Moto, root};

/// A running proxy.
#[derive(Debug)]
pub struct Burst {
    child: Child,
    /// Its port on the loopback address.
    pub port: u16,
}

impl Burst {
    /// Starts a proxy in front of a server.
    ///
    /// # Panics
    /// If microburst is not installed (`scripts/setup` does it) or does not start.
    pub fn before(moto: &Moto) -> Self {
        let program = root().join(".venv-moto/bin/microburst");
        assert!(program.exists(), "{} is missing: run scripts/setup", program.display());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let child = Command::new(program)
            .args(["--upstream", &moto.url(), "--host", "127.0.0.1", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("microburst starts");
        let mut burst = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(burst.child.try_wait().expect("a child can be asked").is_none(), "microburst ended at once");
            assert!(Instant::now() < deadline, "microburst does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        burst
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Replaces all rules.
    ///
    /// # Panics
    /// If the proxy refuses them.
    pub fn rules(&self, rules: &Value) {
        let reply = self.request("POST", "/_microburst/rules", &rules.to_string());
        assert!(reply.starts_with("HTTP/1.1 2"), "{reply}");
    }

    /// How many faults have fired, and what they were.
    ///
    /// # Panics
    /// If the proxy does not answer.
    pub fn fired(&self) -> Vec<Value> {
        let reply = self.request("GET", "/_microburst/fired", "");
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let value: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {reply}"));
        match value {
            Value::Array(list) => list,
            Value::Object(map) => map.into_iter().find_map(|(_, v)| v.as_array().cloned()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the proxy listens");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("a request is written");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply is read");
        reply
    }
}

impl Drop for Burst {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
