//! The corpus by which recall and precision are measured: what is in its files, filled with secrets that are made up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Fills the placeholders that `rules/README.md` describes, always in the same way for the same seed.
pub fn expand(template: &str, seed: &str) -> String {
    crate::secrets::expand(template, seed)
}

/// A file of the corpus.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its path in an artifact.
    pub name: String,
    encodings: Vec<String>,
    template: String,
}

/// A file as it is scanned.
#[derive(Debug, Clone)]
pub struct Filled {
    /// What is scanned.
    pub bytes: Vec<u8>,
    /// The same before it was encoded.
    pub text: String,
    /// The secrets in the text, in its order.
    pub secrets: Vec<Marked>,
}

/// A secret of the corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The line it begins in, from 1.
    pub line: u64,
    /// The column it begins in, in bytes from 1.
    pub column: u64,
    /// The secret.
    pub text: String,
}

/// The cases of `corpus/leaks` or `corpus/quiet`, by class.
///
/// # Panics
/// When the corpus cannot be read.
pub fn cases(folder: &str) -> BTreeMap<String, Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let files = fs::read_dir(folder).expect("corpus").map(|entry| entry.expect("entry").path());
    let class = |path: &Path| path.file_stem().expect("name").to_string_lossy().into_owned();
    files.map(|path| (class(&path), parse(&fs::read_to_string(&path).expect("text")))).collect()
}

fn parse(text: &str) -> Vec<Case> {
    let parts = text.strip_prefix("=== ").expect("a case").split("\n=== ");
    let case = |part: &str| {
        let (head, template) = part.split_once('\n').expect("a name");
        let (name, encodings) = head.split_once(" => ").unwrap_or((head, ""));
        let encodings = encodings.split_whitespace().map(str::to_owned).collect();
        Case { name: name.to_owned(), encodings, template: template.to_owned() }
    };
    parts.map(case).collect()
}

impl Case {
    /// Whether it is scanned as it stands there.
    pub fn is_plain(&self) -> bool {
        self.encodings.is_empty()
    }

    /// With secrets for this seed, and encoded.
    pub fn fill(&self, seed: &str) -> Filled {
        let (text, secrets) = marked(&expand(&self.template, seed));
        let mut bytes = text.clone().into_bytes();
        for encoding in &self.encodings {
            bytes = encode(&String::from_utf8_lossy(&bytes), encoding);
        }
        Filled { bytes, text, secrets }
    }
}

/// The text without marks, and what stood between them.
fn marked(text: &str) -> (String, Vec<Marked>) {
    let (mut plain, mut secrets): (String, Vec<Marked>) = (String::new(), Vec::new());
    let mut begin = 0;
    for character in text.chars() {
        match character {
            '«' => {
                begin = plain.len();
                let line = plain.matches('\n').count() as u64 + 1;
                let column = (plain.len() - plain.rfind('\n').map_or(0, |at| at + 1) + 1) as u64;
                secrets.push(Marked { line, column, text: String::new() });
            }
            '»' => secrets.last_mut().expect("a mark").text = plain[begin..].to_owned(),
            other => plain.push(other),
        }
    }
    (plain, secrets)
}

fn encode(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => format!("data:\n  x: {}\n", STANDARD.encode(text)).into_bytes(),
        "base64-lines" => {
            let encoded = STANDARD.encode(text);
            let lines: Vec<_> = encoded.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
            lines.join("\n").into_bytes()
        }
        "hex" => text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        "percent" => {
            let escaped = |byte: u8| {
                if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            };
            format!("GET /x?data={} HTTP/1.1", text.bytes().map(escaped).collect::<String>()).into_bytes()
        }
        "unicode" => {
            let escaped = |letter: char| {
                if letter.is_ascii_alphanumeric() { letter.to_string() } else { format!("\\u{:04x}", letter as u32) }
            };
            format!("load(\"{}\")", text.chars().map(escaped).collect::<String>()).into_bytes()
        }
        "utf-16le" => [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        other => panic!("{other} is no encoding"),
    }
}
