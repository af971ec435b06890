//! The picture as a page: one file with its style and its script, which may load nothing and send nothing (`Content-Security-Policy`).
//! The script reads the picture as JSON from the page; it is in `page.js`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::model::{Diagram, FORMAT};
use super::svg;
use crate::report::words;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page.
pub fn file(diagram: &Diagram) -> String {
    let style = format!("{}{STYLE}", svg::STYLE);
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(&style)
    );
    let title = diagram.title();
    let others = match diagram.unboxed().count() {
        0 => "Others".to_owned(),
        many => format!("Others ({})", words::count(many, "change")),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(FORMAT);
                title { (title) }
                style { (PreEscaped(&style)) }
            }
            body class="diagram" {
                header {
                    h1 { (title) }
                    div class="tools" {
                        input id="search" type="search" placeholder="Search" aria-label="Search boxes";
                        button id="out" title="Zoom out (-)" aria-label="Zoom out" { "−" }
                        button id="in" title="Zoom in (+)" aria-label="Zoom in" { "+" }
                        button id="fit" title="Show everything (0)" { "Fit" }
                        button id="rest" title="Resources without a box" { (others) }
                    }
                    @for words in diagram.plan.iter().map(String::as_str).chain(diagram.emptiness()) { p { (words) } }
                }
                main {
                    div id="view" { (svg::inside(diagram)) }
                    aside id="panel" aria-live="polite" hidden {
                        button id="close" aria-label="Close" { "×" }
                        div id="body" {}
                    }
                }
                script id="data" type="application/json" { (PreEscaped(data(diagram))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", page.into_string())
}

/// The picture as JSON in which nothing ends the element that it is in.
fn data(diagram: &Diagram) -> String {
    let json = serde_json::to_string(diagram).unwrap_or_default();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A text that a page may run or be styled by.
fn digest(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}
