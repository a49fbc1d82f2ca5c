//! What must hold for any bytes at all. The fuzz targets and `tests/any_bytes.rs` run the same functions.

mod mend;

use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::ops::Range;
use std::sync::OnceLock;

use artifact_scan::secrets::{Found, Scan, Scanner, read_foreign};
use artifact_scan::zip::{Directory, End, Entry, LONGEST_END, batches};
use artifact_scan::{Broken, Budget, Coverage, Finding, Limits, Nature, OVERLAP, Piece, Visitor, Walk};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use zip::write::{SimpleFileOptions, ZipWriter};

pub use mend::mend;

/// So small that bytes of a few kilobytes reach them.
const LIMITS: Limits = Limits {
    entries: 200,
    directory: 64 << 10,
    entry: 256 << 10,
    artifact: 1 << 20,
    ratio: 50,
    free_of_ratio: 16 << 10,
    depth: 4,
    nested: 64 << 10,
};

/// Whatever is read as an artifact ends without a panic and within its limits, the pieces fit together, and neither the
/// size of the requests nor a second reading changes anything.
pub fn archives(bytes: &[u8]) {
    let whole = read(bytes, 8 << 20, false);
    for most in [1, 100, 8 << 20] {
        assert_eq!(whole, read(bytes, most, false), "in batches of {most}");
    }
    // How much is seen of what nobody wants depends on the requests.
    let picked = [1, 8 << 20].map(|most| read(bytes, most, true));
    let most = LIMITS.artifact + LIMITS.artifact / 100;
    for (_, coverage) in picked.iter().chain([&whole]) {
        assert!(coverage.unpacked <= most, "{} bytes were unpacked", coverage.unpacked);
    }
}

/// What a visitor was handed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Of all that came, in any order of the entries.
    sum: u64,
    /// Of this entry, so far.
    hash: u64,
    length: u64,
    is_open: bool,
    /// Not everything is wanted.
    picks: bool,
}

impl Visitor for Seen {
    fn wants(&mut self, path: &[String]) -> bool {
        !self.picks || path.last().is_none_or(|name| !is_unwanted(name.as_bytes()))
    }

    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        if piece.offset == 0 {
            (self.hash, self.length) = (0, 0);
            assert_eq!(piece.again, 0);
        } else {
            assert!(self.is_open, "{path:?}: a piece came after the last one");
        }
        assert!(piece.again <= OVERLAP && piece.again <= piece.bytes.len());
        assert_eq!(piece.offset + piece.again as u64, self.length, "{path:?}");
        assert!(piece.column_before <= piece.offset && piece.lines_before <= piece.offset);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.hash);
        path.iter().for_each(|name| hasher.write(name.as_bytes()));
        piece.bytes[piece.again..].iter().for_each(|byte| hasher.write_u8(*byte));
        self.hash = hasher.finish();
        self.length += (piece.bytes.len() - piece.again) as u64;
        self.is_open = !piece.is_last;
        if piece.is_last {
            self.sum = self.sum.wrapping_add(self.hash);
        }
        Nature::Text
    }
}

fn is_unwanted(name: &[u8]) -> bool {
    name.len() % 2 == 1
}

fn read(bytes: &[u8], most: u64, picks: bool) -> (Seen, Coverage) {
    let mut seen = Seen { picks, ..Seen::default() };
    let coverage = match read_zip(bytes, most, &mut seen) {
        Ok(coverage) => coverage,
        // As those who call it do.
        Err(Broken::NotAZip | Broken::BytesAfterTheEnd) => {
            let budget = Budget::new(&LIMITS, 0);
            let coverage = Walk::new(&LIMITS, &budget).file("artifact", bytes, &mut seen);
            coverage.expect("bytes in memory can be read")
        }
        Err(broken) => Coverage::unreadable(broken, bytes.len() as u64),
    };
    assert!(!seen.is_open, "an entry had no last piece");
    (seen, coverage)
}

fn read_zip(bytes: &[u8], most: u64, seen: &mut Seen) -> Result<Coverage, Broken> {
    let end = End::find(&bytes[bytes.len().saturating_sub(LONGEST_END)..], bytes.len() as u64)?;
    end.fits(&LIMITS)?;
    let of = |range: &Range<u64>| bytes.get(range.start as usize..range.end as usize).ok_or(Broken::Truncated);
    let directory = Directory::read(of(&end.directory)?, &end, &LIMITS)?;
    let wants = |entry: &Entry| !seen.picks || !is_unwanted(&entry.name);
    let (plan, budget) = (batches(&directory, most, wants), Budget::new(&LIMITS, 0));
    let mut walk = Walk::new(&LIMITS, &budget);
    let mut coverage = walk.directory(of(&end.directory)?, &bytes[end.directory.end as usize..], seen);
    for batch in &plan.batches {
        let part = walk.batch(&plan, batch, of(&batch.bytes)?, seen).expect("bytes in memory can be read");
        coverage = coverage.merge(part);
    }
    Ok(coverage)
}

/// Whatever is scanned, in itself, as UTF-16 and as a name: each finding has a place in it.
pub fn decoders(bytes: &[u8]) {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    let scanner = SCANNER.get_or_init(|| Scanner::built_in().expect("the rules are good"));
    let wide = bytes.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<_>>();
    for bytes in [bytes, &wide] {
        let findings = scan(scanner, bytes);
        assert_eq!(findings, scan(scanner, bytes));
        findings.iter().flat_map(|finding| &finding.places).for_each(|place| is_in(bytes, place.line, place.column));
    }
    let path = vec!["a.zip".to_owned(), String::from_utf8_lossy(bytes).into_owned()];
    assert_eq!(scanner.masked(path).len(), 2);
}

fn is_in(bytes: &[u8], line: u64, column: u64) {
    let found = bytes.split(|byte| *byte == b'\n').nth(line as usize - 1).expect("the line is there");
    assert!((1..=found.len() as u64 + 1).contains(&column), "line {line} has no column {column}");
}

fn scan(scanner: &Scanner, bytes: &[u8]) -> Vec<Finding> {
    let mut scan = Scan::new(scanner, Found::new(b"key"));
    let piece = Piece { bytes, again: 0, offset: 0, lines_before: 0, column_before: 0, is_last: true };
    scan.piece(&["a.env".to_owned()], &piece);
    scan.take()
}

/// Whatever is loaded as rules is refused with words, or can be scanned with: what stands behind a NUL, which no TOML has.
pub fn rules(bytes: &[u8]) {
    let (text, content) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let Ok(text) = std::str::from_utf8(text) else { return };
    match read_foreign(text) {
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.is_empty())),
        Ok(foreign) => {
            let scanner = Scanner::new(foreign.rules).expect("keywords fit into an automaton");
            let findings = scan(&scanner, content);
            findings
                .iter()
                .flat_map(|finding| &finding.places)
                .for_each(|place| is_in(content, place.line, place.column));
            scan(&scanner, bytes);
        }
    }
}

/// A target by name.
pub type Target = fn(&[u8]);

/// What is valid, and what valid things are near to, by target.
pub fn seeds() -> [(&'static str, Vec<Vec<u8>>); 3] {
    [("archives", archive_seeds()), ("decoders", text_seeds()), ("rules", rule_seeds())]
}

/// The targets by name.
pub const TARGETS: [(&str, Target); 3] = [("archives", archives), ("decoders", decoders), ("rules", rules)];

fn archive_seeds() -> Vec<Vec<u8>> {
    let plain = zip_of(&[("a.txt", b"password = one"), ("src/b.rs", &b"let key = 1;\n".repeat(40))], false);
    let stored = zip_of(&[("stored.bin", &[0, 1, 2, 3, 255])], true);
    let packed = gzipped(&tar_of(&[("in.txt", b"token"), ("zip", &stored)]));
    let inner: [(&str, &[u8]); 3] = [("inner.jar", &plain), ("inner.tgz", &packed), ("stored.zip", &stored)];
    let bomb = zip_of(&[("zeros", &[0; 300_000])], false);
    let long = long_zip_of(&[("long.txt", b"password = one"), ("inner.zip", &stored)]);
    let told_behind = told_behind(&[("behind.txt", b"password = one"), ("inner.zip", &stored)]);
    let members = [gzipped(b"one"), gzipped_with_remarks(b"two"), gzipped(&gzipped(b"three"))].concat();
    let (extended, gnu, odd) = (extended_tar(), gnu_tar(), odd_tar(&stored));
    let nested =
        zip_of(&[("long.zip", &long), ("x.tar", &extended), ("y.gz", &members), ("z.zip", &told_behind)], true);
    let behind = [b"#!/bin/sh\n".as_slice(), &plain].concat();
    let written = vec![zip_of(&inner, false), zip_of(&inner, true), tar_of(&inner), zip_of(&[], false)];
    written
        .into_iter()
        .chain([plain, packed, bomb, long, told_behind, members, extended, gnu, odd, nested, behind])
        .collect()
}

fn zip_of(entries: &[(&str, &[u8])], is_stored: bool) -> Vec<u8> {
    let method = if is_stored { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("a name");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("an end").into_inner()
}

/// With descriptors behind the data, as who cannot go back writes it.
fn told_behind(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a name");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("an end").into_inner()
}

/// In the form for long files throughout: sizes and places in extra fields, and a second end.
fn long_zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut checksum = flate2::Crc::new();
        checksum.update(content);
        let said = [&checksum.sum().to_le_bytes()[..], &[0xFF; 8], &(name.len() as u16).to_le_bytes()].concat();
        let sizes = (content.len() as u64).to_le_bytes().repeat(2);
        let at = (out.len() as u64).to_le_bytes();
        out.extend(
            [b"PK\x03\x04\x2D\0\0\0\0\0\0\0\0\0", &said[..], &[20, 0], name.as_bytes(), &[1, 0, 16, 0], &sizes]
                .concat(),
        );
        out.extend(*content);
        let record = [b"PK\x01\x02\x2D\x03\x2D\0\0\0\0\0\0\0\0\0", &said[..], &[28, 0], &[0; 10], &[0xFF; 4]];
        directory.extend([&record.concat(), name.as_bytes(), &[1, 0, 24, 0], &sizes, &at].concat());
    }
    let (count, first) = ((entries.len() as u64).to_le_bytes().repeat(2), (out.len() as u64).to_le_bytes());
    let until = ((out.len() + directory.len()) as u64).to_le_bytes();
    let size = (directory.len() as u64).to_le_bytes();
    out.extend(directory);
    out.extend([b"PK\x06\x06\x2C\0\0\0\0\0\0\0\x2D\0\x2D\0", &[0; 8][..], &count, &size, &first].concat());
    out.extend(
        [b"PK\x06\x07\0\0\0\0", &until[..], &[1, 0, 0, 0], b"PK\x05\x06\0\0\0\0", &[0xFF; 12], &[0; 2]].concat(),
    );
    out
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("content");
    encoder.finish().expect("an end")
}

fn gzipped_with_remarks(bytes: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().filename("a name of a file").comment("a remark").extra([1, 0, 2, 0, 3, 4]);
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("content");
    encoder.finish().expect("an end")
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    tar(&entries.iter().map(|(name, content)| (*name, b'0', *content)).collect::<Vec<_>>())
}

fn extended_tar() -> Vec<u8> {
    let about = b"18 path=long/name\n19 linkpath=a/path\n10 size=7\n";
    tar(&[("g", b'g', b"15 comment=all\n"), ("x", b'x', about), ("short", b'0', b"content"), ("next", b'0', b"1")])
}

fn gnu_tar() -> Vec<u8> {
    let name = [&b"long/".repeat(60)[..], b"name\0"].concat();
    tar(&[("././@LongLink", b'L', &name), ("././@LongLink", b'K', &name), ("short", b'2', b""), ("s", b'S', b"holes")])
}

/// Links, directories, and an archive behind the end.
fn odd_tar(behind: &[u8]) -> Vec<u8> {
    let sparse = b"22 GNU.sparse.major=1\n27 GNU.sparse.name=holes/1\n";
    let tar = tar(&[("folder/", b'5', b""), ("link", b'1', b""), ("x", b'x', sparse), ("holes", b'0', b"1\n0\n")]);
    [&tar, behind].concat()
}

fn tar(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, flag, content) in entries {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = *flag;
        header[157..163].copy_from_slice(if b"12".contains(flag) { b"target" } else { &[0; 6] });
        header[257..265].copy_from_slice(b"ustar\x0000");
        mend::sum(&mut header);
        tar.extend(header);
        tar.extend(*content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    tar
}

/// Encoded, nested and quoted in the ways the scanner looks through. The secrets are made up here.
fn text_seeds() -> Vec<Vec<u8>> {
    let token = format!("gh{}_{}", "p", "a1B2".repeat(9));
    let key = format!("-----BEGIN {0}-----\nMIIB{1}\n-----END {0}-----\n", "PRIVATE KEY", "Ab3+".repeat(20));
    let word = ["Zk3", "!x9"].concat();
    let plain = format!("password = \"k#9xQ2w{token}\"\nurl: https://user:{word}@host/?api_key={token}\n{key}");
    let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = plain.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let unicode: String = plain.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let base64 = base64(plain.as_bytes());
    let twice = self::base64(format!("data: {base64}").as_bytes());
    let json = format!("{{\"body\":\"{{\\\"client_secret\\\":\\\"{token}\\\"}}\"}}");
    let xml = format!("<add key=\"Token\" value=\"{token}\"/><password>{token}</password>");
    [plain, hex, percent, unicode, base64, twice, json, xml].into_iter().map(String::into_bytes).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits: Vec<u8> = (0..=group.len()).map(|at| DIGITS[(bits >> (18 - 6 * at) & 63) as usize]).collect();
        String::from_utf8_lossy(&digits).into_owned() + &"=".repeat(3 - group.len())
    };
    bytes.chunks(3).map(group).collect()
}

fn rule_seeds() -> Vec<Vec<u8>> {
    let rule = "[[rules]]\nid = \"own-key\"\ndescription = \"Own\"\nregex = '''own_(key|token)_([0-9a-z]{8,16})'''\n\
                secretGroup = 2\nentropy = 2.5\nkeywords = [\"own_\"]\npath = '''.*\\.env'''\ntags = [\"a\"]\n";
    let allow = "[[rules.allowlists]]\ncondition = \"AND\"\nregexes = ['''own_key_0+''']\nstopwords = [\"example\"]\n";
    let head = "title = \"own\"\n[extend]\nuseDefault = true\n[allowlist]\npaths = ['''vendor''']\n";
    let other = "[[rules]]\nid = \"better\"\nregex = '''(?i)[\\w.-]{0,50}?(?:acme|own)(?:[ \\t\\w.-]{0,20})[\\s'\"]{0,3}(?:=|>|:{1,3}=)\
                 [\\s'\"=]{0,5}([a-z0-9=_\\-]{10,150})(?:['\"\\s;]|$)'''\nkeywords = [\"acme\", \"OWN\"]\n\
                 filter = '''entropy(secret) > 3.0'''\nvalidate = \"x\"\n[rules.attributes]\nvendor = \"a\"\n\
                 [[rules.allowlists]]\nregexTarget = \"line\"\nregexes = ['''(?i)sample''']\n\
                 [[rules.allowlists]]\ncondition = \"OR\"\nregexTarget = \"match\"\npaths = ['''\\.md$''']\n\
                 [[allowlists]]\ntargetRules = [\"better\"]\nstopwords = [\"AAAA\"]\n";
    let slow = "[[rules]]\nid = \"p\"\nregex = '''\\p{L}+(\\d){2,}?$|(?s-i:^.(?P<n>\\bx\\B|[^\\W\\d]))'''\n\
                [[rules]]\nid = \"q\"\nregex = \"(?x) k [[:alpha:]&&[^y]]* \\\\x{41} z{1,9}\"\nkeywords = [\"\"]\n";
    let none = "[[rules]]\nid = \"n\"\nregex = '''(?<!x)k'''\n[[rules]]\nid = \"file\"\npath = '''x$'''\n[[rules]]\nregex = \"(\"\n";
    let found =
        "\0x\nown_key_a1b2c3d4e5f6 own_token_0123456789ab\nACME-Token := \"abc_123-def-456789\" # not\nk kbA\u{e9}12";
    let files =
        [rule.to_owned(), format!("{head}{rule}{allow}"), other.to_owned(), slow.to_owned(), format!("{rule}{other}")];
    let refused = [format!("{rule}{rule}"), none.to_owned(), "x = [".to_owned()];
    files.into_iter().map(|file| file + found).chain(refused).map(String::into_bytes).collect()
}
