//! The language server that editors use for YAML (yaml-language-server, which we did not write), spoken to as an editor speaks to
//! it: JSON-RPC over its standard input and output. Knows nothing of stack files; it is given a JSON Schema.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};

use crate::moto::root;

/// How long an answer may take on a machine with much to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// A language server that ends when it is dropped.
#[derive(Debug)]
pub struct Editor {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    settings: Value,
    asked: u64,
    problems: BTreeMap<String, Vec<Problem>>,
}

/// What the server marks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The line, from 1.
    pub line: u64,
    /// What it says.
    pub message: String,
    /// Whether the schema says so, and not YAML.
    pub of_schema: bool,
}

/// What the server proposes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// What the list shows.
    pub label: String,
    /// What is shown beside it, as Markdown.
    pub says: String,
}

/// Why there is no server on this machine, if `scripts/setup` could not install it.
pub fn left_out() -> Option<String> {
    std::fs::read_to_string(root().join(".venv-moto/left-out")).ok()
}

impl Editor {
    /// Starts the server with a schema for all files.
    ///
    /// # Panics
    /// If it is not installed (`scripts/setup` does it) or does not start.
    pub fn start(schema: &Path) -> Self {
        let server = root().join("tests/clients/editor/node_modules/yaml-language-server/bin/yaml-language-server");
        assert!(server.exists(), "{} is missing: run scripts/setup", server.display());
        let mut child = Command::new(root().join(".venv-moto/bin/node"))
            .arg(server)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("it has an input");
        let mut output = BufReader::new(child.stdout.take().expect("it has an output"));
        let (send, messages) = mpsc::channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let schemas = json!({ format!("file://{}", schema.display()): ["*.yaml"] });
        let settings = json!({
            "yaml": { "schemas": schemas, "validate": true, "hover": true, "completion": true, "schemaStore": { "enable": false } },
        });
        let mut editor = Self { child, input, messages, settings, asked: 0, problems: BTreeMap::new() };
        let markdown = json!(["markdown"]);
        let able = json!({
            "workspace": { "configuration": true },
            "textDocument": {
                "hover": { "contentFormat": markdown },
                "completion": { "completionItem": { "documentationFormat": markdown, "snippetSupport": true } },
            },
        });
        editor.ask("initialize", &json!({ "processId": null, "rootUri": null, "capabilities": able }));
        editor.tell("initialized", &json!({}));
        editor.tell("workspace/didChangeConfiguration", &json!({ "settings": editor.settings }));
        editor
    }

    /// Opens a file, and waits for what the server marks in it.
    pub fn open(&mut self, path: &str, text: &str) -> Vec<Problem> {
        let uri = format!("file://{path}");
        self.problems.remove(&uri);
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        loop {
            if let Some(problems) = self.problems.remove(&uri) {
                return problems;
            }
            let message = self.next();
            self.hear(&message);
        }
    }

    /// What is shown where the mouse rests in an open file, as Markdown; line and column from 0.
    pub fn hover(&mut self, path: &str, line: usize, column: usize) -> String {
        let answer = self.ask("textDocument/hover", &place(path, line, column));
        answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is proposed where the cursor is in an open file; line and column from 0.
    pub fn complete(&mut self, path: &str, line: usize, column: usize) -> Vec<Proposal> {
        let answer = self.ask("textDocument/completion", &place(path, line, column));
        let proposal = |item: &Value| {
            let says = item["documentation"]["value"].as_str().or(item["documentation"].as_str());
            Proposal {
                label: item["label"].as_str().unwrap_or_default().to_owned(),
                says: says.unwrap_or_default().to_owned(),
            }
        };
        answer["items"].as_array().into_iter().flatten().map(proposal).collect()
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server listens");
        self.input.flush().expect("the server listens");
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let mut message = self.next();
            if message.get("method").is_none() && message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.hear(&message);
        }
    }

    fn next(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("the server answers")
    }

    /// Takes what the server says or asks on its own.
    fn hear(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let all = params["diagnostics"].as_array().into_iter().flatten().map(problem).collect();
                self.problems.insert(params["uri"].as_str().unwrap_or_default().to_owned(), all);
            }
            Some("workspace/configuration") => {
                let wanted = params["items"].as_array().into_iter().flatten();
                let found: Vec<&Value> =
                    wanted.map(|item| &self.settings[item["section"].as_str().unwrap_or_default()]).collect();
                let answer = json!({ "id": message["id"], "result": found });
                self.send(answer);
            }
            Some(_) if message.get("id").is_some() => {
                let answer = json!({ "id": message["id"], "result": null });
                self.send(answer);
            }
            _ => {}
        }
    }
}

fn place(path: &str, line: usize, column: usize) -> Value {
    json!({ "textDocument": { "uri": format!("file://{path}") }, "position": { "line": line, "character": column } })
}

fn problem(diagnostic: &Value) -> Problem {
    Problem {
        line: diagnostic["range"]["start"]["line"].as_u64().unwrap_or_default() + 1,
        message: diagnostic["message"].as_str().unwrap_or_default().to_owned(),
        of_schema: diagnostic["source"].as_str().is_some_and(|source| source.starts_with("yaml-schema")),
    }
}

/// The next message; `None` if the server has ended.
fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut text = vec![0; length?];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

impl Drop for Editor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
