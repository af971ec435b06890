//! AWS's API models as data: which operations a service has, the shapes of their inputs and outputs, where each member stands
//! on the wire, limits, and the HTTP status of each error code. Extracted by `scripts/models`. Knows no behaviour,
//! nor which services there are.

mod load;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

pub(crate) use self::load::load;

/// The index of a shape in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(pub(crate) u32);

/// How a service talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Form in, XML out.
    Query,
    /// EC2's variant of the query protocol.
    Ec2,
    /// JSON in and out, the operation in a header. Some of these services take CBOR as well.
    Json,
    /// Paths, query strings and XML.
    RestXml,
    /// Paths, query strings and JSON.
    RestJson,
}

/// A model that is not read yet, with what models do not tell.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The service's name as botocore and the aws CLI have it: `ec2`, `elbv2`, `servicediscovery`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
    /// How its errors are written in JSON.
    pub errors_as: ErrorsAs,
}

/// How a service writes an error in JSON.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsAs {
    /// Whether it writes `Message` where most others write `message`. Seen in AWS's models and in recorded replies.
    pub capital: bool,
    /// The type of an error, by its code.
    pub kind: fn(&str) -> String,
}

impl ErrorsAs {
    /// As most services do.
    pub const USUAL: Self = Self { capital: false, kind: str::to_owned };
    /// The same with a capital.
    pub const CAPITAL: Self = Self { capital: true, ..Self::USUAL };
}

/// The source of a model by the name of its service.
macro_rules! source {
    ($name:literal) => {
        $crate::model::source!($name, $crate::model::ErrorsAs::USUAL)
    };
    ($name:literal, $errors:expr) => {
        $crate::model::Source {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/", $name, ".json")),
            errors_as: $errors,
        }
    };
}
pub(crate) use source;

/// One service.
#[derive(Debug)]
pub struct Api {
    /// Its name as botocore and the aws CLI have it: `ec2`, `elbv2`, `servicediscovery`.
    pub name: &'static str,
    /// Its place in the list of services.
    pub(crate) index: usize,
    /// How its errors are written in JSON.
    pub errors_as: ErrorsAs,
    /// Its protocol.
    pub protocol: Protocol,
    /// The version of its API, as query services send it.
    pub api_version: String,
    /// The first part of `X-Amz-Target`.
    pub target_prefix: String,
    /// Of JSON: `1.0` or `1.1`.
    pub json_version: String,
    /// The name in the credential scope of a signature.
    pub signing_name: String,
    /// The namespace of its XML.
    pub namespace: String,
    /// Its operations by name.
    pub operations: BTreeMap<String, Operation>,
    pub(crate) shapes: Vec<Shape>,
    /// Error codes as they stand on the wire, with HTTP status and whether the server is to blame.
    errors: HashMap<String, (u16, bool)>,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The HTTP method of a REST protocol.
    pub method: String,
    /// The path of a REST protocol, with `{Member}` in it.
    pub uri: String,
    /// The HTTP status of success.
    pub status: u16,
    /// What goes in.
    pub input: Option<ShapeId>,
    /// What comes out.
    pub output: Option<ShapeId>,
    /// The element around the output of a query protocol.
    pub result_wrapper: Option<String>,
    /// The element around the input of REST XML.
    pub input_element: Option<String>,
}

/// One shape.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the model.
    pub name: String,
    /// What it is.
    pub kind: ShapeKind,
    /// Least length or value.
    pub min: Option<f64>,
    /// Greatest length or value.
    pub max: Option<f64>,
    /// The pattern of a string, as the model writes it.
    pub pattern: Option<String>,
    /// The values of an enumeration; empty if it is none.
    pub values: Vec<String>,
    pub(crate) regex: OnceLock<Option<regex::Regex>>,
}

/// The type of a shape.
#[derive(Debug)]
pub enum ShapeKind {
    /// Named members.
    Structure {
        /// In the model's order, which is that of the XML.
        members: Vec<Member>,
        /// Names of the members that have to be there.
        required: Vec<String>,
        /// The member that is the whole body, in REST protocols.
        payload: Option<String>,
    },
    /// A list.
    List {
        /// Of what.
        member: Member,
        /// Without an element around all.
        flattened: bool,
    },
    /// A map.
    Map {
        /// The keys.
        key: Member,
        /// The values.
        value: Member,
        /// Without an element around all.
        flattened: bool,
    },
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A moment; seconds since 1970 in a document.
    Timestamp {
        /// `iso8601`, `unixTimestamp` or `rfc822` if the model says so.
        format: Option<String>,
    },
    /// Bytes; base64 in a document.
    Blob,
}

/// Where a member stands in a REST request or reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    Body,
    /// In the path.
    Uri,
    /// In the query string.
    Query,
    /// In a header.
    Header,
}

/// A member of a structure, or the element of a list or map.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: ShapeId,
    /// Its name on the wire, where that differs.
    pub location_name: Option<String>,
    /// Its name in an EC2 request, where that differs again.
    pub query_name: Option<String>,
    /// Where it stands.
    pub location: Location,
    /// A list or map without an element around it.
    pub flattened: bool,
}

impl Member {
    /// The name on the wire of XML and REST.
    pub fn wire_name(&self) -> &str {
        self.location_name.as_deref().unwrap_or(&self.name)
    }

    /// The name in an EC2 request: its own, else the wire's with a capital.
    pub fn ec2_name(&self) -> String {
        if let Some(name) = &self.query_name {
            return name.clone();
        }
        let name = self.wire_name();
        let mut letters = name.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

impl Api {
    /// The shape.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// The HTTP status of an error code.
    pub fn status_of(&self, code: &str) -> Option<u16> {
        let (status, server) = *self.errors.get(code)?;
        // JSON services answer every fault of the client with 400, whatever their model says.
        Some(match self.protocol {
            Protocol::Json if server => status.max(500),
            Protocol::Json => 400,
            Protocol::Query | Protocol::Ec2 | Protocol::RestXml | Protocol::RestJson => status,
        })
    }
}
