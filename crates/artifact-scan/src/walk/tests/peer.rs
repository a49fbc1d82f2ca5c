//! What another implementation writes is read the same, and what ours says is what it says.

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::testing::*;

#[derive(Debug, Clone)]
struct File {
    name: String,
    content: Vec<u8>,
    is_deflated: bool,
    is_large: bool,
    level: i64,
}

fn file() -> impl Strategy<Value = File> {
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3000),
        "[a-zé \n]{0,200}".prop_map(|text| text.repeat(30).into_bytes()),
    ];
    ("[a-zé]{1,5}(/[a-z .]{1,5}){0,2}", content, any::<bool>(), any::<bool>(), 1..=9_i64)
        .prop_map(|(name, content, is_deflated, is_large, level)| File { name, content, is_deflated, is_large, level })
}

fn write(files: &[File], streamed: bool, comment: &str) -> Vec<u8> {
    fn all<W: Write + std::io::Seek>(writer: &mut ZipWriter<W>, files: &[File]) {
        for (number, file) in files.iter().enumerate() {
            let method = if file.is_deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            let options = SimpleFileOptions::default().compression_method(method).large_file(file.is_large);
            let options = if file.is_deflated { options.compression_level(Some(file.level)) } else { options };
            writer.start_file(format!("{number} {}", file.name), options).unwrap();
            writer.write_all(&file.content).unwrap();
        }
    }
    if streamed {
        let mut writer = ZipWriter::new_stream(Vec::new());
        all(&mut writer, files);
        return writer.finish().unwrap().into_inner();
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment(comment).unwrap();
    all(&mut writer, files);
    writer.add_symlink("a link", "target", SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn what_the_zip_crate_writes_is_read_as_it_reads_it(
        files in prop::collection::vec(file(), 0..12), streamed in any::<bool>(), comment in "[a-z]{0,20}"
    ) {
        let bytes = write(&files, streamed, &comment);
        let (seen, coverage) = scan(&bytes);
        prop_assert!(coverage.is_whole(), "{:?}", coverage);
        let mut peer = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        prop_assert_eq!(peer.len(), files.len() + usize::from(!streamed));
        for index in 0..peer.len() {
            let mut entry = peer.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            prop_assert_eq!(seen.of(&[&*entry.name().unwrap()]), Some(content.as_slice()));
        }
    }
}

#[test]
fn the_zip_crate_reads_what_our_builder_writes() {
    let bytes = ZipFile::of(&[("a", b"text"), ("b", b"more text")]).build();
    let mut peer = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = String::new();
    peer.by_name("b").unwrap().read_to_string(&mut content).unwrap();
    assert_eq!(content, "more text");
}
