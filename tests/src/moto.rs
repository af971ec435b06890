//! A moto server of one's own: started on a free port, checked to be ours, reset at will, killed when dropped.
//! moto is an independent implementation of the AWS APIs over real HTTP. It is not thread-safe, so tests use one each.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use evenkeel_aws::client::Aws;
use evenkeel_aws::connect::{Settings, test_config};

/// A running moto server.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    /// Its port on the loopback address.
    pub port: u16,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

fn program() -> PathBuf {
    std::env::var_os("EVENKEEL_MOTO").map_or_else(|| root().join(".venv-moto/bin/moto_server"), PathBuf::from)
}

impl Moto {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If moto is not installed (`scripts/setup` does it) or does not start.
    pub fn start() -> Self {
        let program = program();
        assert!(program.exists(), "{} is missing: run scripts/setup", program.display());
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
            let child = Command::new(&program)
                .args(["-H", "127.0.0.1", "-p", &port.to_string()])
                .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
                .env("MOTO_ECS_SERVICE_RUNNING", "1")
                .env("MOTO_ACM_VALIDATION_WAIT", "2")
                .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
                .env("AWS_DEFAULT_REGION", "us-east-1")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("moto starts");
            let mut moto = Self { child, port };
            if moto.answers() {
                return moto;
            }
        }
        panic!("moto did not start in five tries");
    }

    /// Waits until the process that we started answers; `false` if it ended (its port was taken).
    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if self.child.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Clients that talk to it, in us-east-1, with made-up credentials.
    pub async fn aws(&self) -> Aws {
        connect(&self.url()).await
    }

    /// Clients that talk to it, in another region.
    pub async fn aws_in(&self, region: &str) -> Aws {
        connect_in(&self.url(), region)
    }
}

/// Clients for an endpoint, with made-up credentials.
pub async fn connect(url: &str) -> Aws {
    connect_in(url, "us-east-1")
}

fn connect_in(url: &str, region: &str) -> Aws {
    let settings = Settings { region: Some(region.to_owned()), profile: None, endpoint_url: Some(url.to_owned()) };
    Aws::from_config(&test_config(&settings)).expect("a region is given")
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
