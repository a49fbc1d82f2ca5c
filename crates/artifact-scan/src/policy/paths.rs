//! Paths by globs.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use strict_yaml::shown;

use crate::name::is_cut;

/// Bytes of a glob.
const LONGEST: usize = 512;

/// Paths that have nothing in common. A glob that is all of them is every path, however it is written.
const OTHERS: [&str; 4] = ["a", "Z9/qx.7", ".k/l-m/0_n.tar!/o.p/q", "\u{e9}/~/r s.TXT"];

/// A glob over the whole path. An archive and what is in it are joined by `!/`: `lib/*.jar!/config/**`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String", inline))]
#[serde(try_from = "String")]
pub(super) struct PathGlob(Glob);

/// Paths, by any of some globs.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    set: GlobSet,
    written: Vec<String>,
}

impl TryFrom<String> for PathGlob {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let told = |why: &str| Err(format!("`{}` {why}", shown(&text)));
        match text.trim() {
            "" => return told("is no path"),
            path if path.len() > LONGEST => return told("is too long for a path"),
            path if path.starts_with('/') || path.starts_with("./") => {
                return told("would never match; a path begins with a name, such as src/main.py");
            }
            // What is every path is told below.
            path if path.chars().all(|c| ['*', '/', '!', '?'].contains(&c)) => {
                return told("is every path; name what is meant");
            }
            path => never(path).map_or(Ok(()), |why| told(&why).map(drop))?,
        }
        let glob = GlobBuilder::new(text.trim()).literal_separator(true).build();
        let glob = glob.map_err(|error| format!("`{}` is no path: {}", shown(&text), error.kind()))?;
        let matcher = glob.compile_matcher();
        if OTHERS.iter().all(|path| matcher.is_match(path)) {
            return told("is every path; name what is meant");
        }
        Ok(Self(glob))
    }
}

/// Why no path is like this: each is a row of names, and none of them leads elsewhere.
fn never(path: &str) -> Option<String> {
    if let Some(folder) = path.strip_suffix('/').filter(|folder| !folder.ends_with('/')) {
        return Some(format!("would never match; did you mean `{}/**`?", shown(folder)));
    }
    if path.split('/').any(|name| ["", ".", ".."].contains(&name)) {
        return Some(String::from("would never match; between two `/` stands a name, and neither `.` nor `..`"));
    }
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        // A backslash takes its meaning from a character of globs, and has no other use.
        if character == '\\' && !characters.next().is_some_and(|next| "*?[]{}!-^,".contains(next)) {
            return Some(String::from("would never match; folders are parted by `/`"));
        }
    }
    None
}

impl Paths {
    /// Paths by the globs.
    pub(super) fn new(globs: &[PathGlob]) -> Result<Self, String> {
        let mut builder = GlobSetBuilder::new();
        for PathGlob(glob) in globs {
            builder.add(glob.clone());
        }
        let set = builder.build().map_err(|_| String::from("these paths are too many or too long"))?;
        Ok(Self { set, written: globs.iter().map(|PathGlob(glob)| glob.glob().to_owned()).collect() })
    }

    /// Whether there is no glob.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Whether the path is one of these. One that two readers could take for different ones is not, nor is the artifact
    /// itself.
    pub fn have(&self, path: &[String]) -> bool {
        are_plain(path) && self.set.is_match(joined(path))
    }

    /// Which of the globs have the path, by their places in [`Paths::written`].
    pub(super) fn which(&self, path: &[String]) -> Vec<usize> {
        if are_plain(path) { self.set.matches(joined(path)) } else { Vec::new() }
    }

    /// The globs as they are written.
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// The path in one text: `app.jar!/config/app.yml`.
pub(crate) fn joined(path: &[String]) -> String {
    path.join("!/")
}

fn are_plain(path: &[String]) -> bool {
    !path.is_empty() && path.iter().all(|name| is_plain(name))
}

/// Whether every reader takes the name for the same: no way up, no other root, no other separator, nothing left out.
fn is_plain(name: &str) -> bool {
    !name.contains('\\')
        && !name.contains("!/")
        && !is_cut(name)
        && !name.split('/').any(|part| ["", ".", ".."].contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(globs: &[&str]) -> Paths {
        let globs: Vec<_> = globs.iter().map(|glob| PathGlob::try_from((*glob).to_owned()).unwrap()).collect();
        Paths::new(&globs).unwrap()
    }

    fn have(glob: &str, path: &[&str]) -> bool {
        paths(&[glob]).have(&path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_glob_is_over_the_whole_path_through_archives() {
        assert!(have("docs/**", &["docs/a/b.md"]) && have("**/*.png", &["a/b.png"]) && have("**/*.png", &["b.png"]));
        assert!(!have("*.png", &["a/b.png"]) && !have("docs/*", &["docs/a/b.md"]));
        assert!(have("lib/*.jar!/config/**", &["lib/a.jar", "config/a.yml"]));
        assert!(have("**/a.yml", &["lib/a.jar", "config/a.yml"]) && !have("config/**", &["lib/a.jar", "config/a.yml"]));
        assert!(have("*.{md,txt}", &["a.txt"]));
    }

    #[test]
    fn a_name_that_two_readers_take_for_different_ones_is_never_meant() {
        let cut = ["docs/".to_owned() + &crate::name::shown("a/".repeat(900).as_bytes()), String::from("docs/aaa…")];
        let odd = ["docs/../src/key.py", "docs/./a", "/docs/a", "docs//a", "docs\\..\\a", "docs/..", "docs/b.jar!/a"];
        for name in odd.into_iter().chain(cut.iter().map(String::as_str)) {
            assert!(!have("{docs,/docs}/**", &[name]) && !have("**/a", &["docs/a.jar", name]), "{name}");
        }
        assert!(!paths(&["**/x"]).have(&[]) && !Paths::default().have(&[String::from("x")]));
    }

    #[test]
    fn what_is_no_path_or_every_path_is_refused() {
        for (glob, told) in [
            (" ", "` ` is no path"),
            ("**", "`**` is every path; name what is meant"),
            ("**/*", "`**/*` is every path; name what is meant"),
            ("*!/**", "`*!/**` is every path; name what is meant"),
            ("**/{*,x}", "`**/{*,x}` is every path; name what is meant"),
            ("**/[!/]*", "`**/[!/]*` is every path; name what is meant"),
            ("/src/a", "`/src/a` would never match; a path begins with a name, such as src/main.py"),
            ("./src", "`./src` would never match; a path begins with a name, such as src/main.py"),
            ("src/", "`src/` would never match; did you mean `src/**`?"),
            ("lib/a.jar!/", "`lib/a.jar!/` would never match; did you mean `lib/a.jar!/**`?"),
            ("a//b", "`a//b` would never match; between two `/` stands a name, and neither `.` nor `..`"),
            ("a//", "`a//` would never match; between two `/` stands a name, and neither `.` nor `..`"),
            ("../x/**", "`../x/**` would never match; between two `/` stands a name, and neither `.` nor `..`"),
            ("a/./b", "`a/./b` would never match; between two `/` stands a name, and neither `.` nor `..`"),
            ("a/..", "`a/..` would never match; between two `/` stands a name, and neither `.` nor `..`"),
            ("a\\b", "`a\\b` would never match; folders are parted by `/`"),
            ("a\\", "`a\\` would never match; folders are parted by `/`"),
            ("a[", "`a[` is no path: unclosed character class; missing ']'"),
        ] {
            assert_eq!(PathGlob::try_from(glob.to_owned()).unwrap_err(), told.replace("` `", "``"), "{glob}");
        }
        for fine in [".github/**", "...", "a..b/**", "**/.env", "{src,lib}/**", "lib/*.jar!/META-INF/**"] {
            assert!(PathGlob::try_from(fine.to_owned()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn a_character_of_globs_can_be_meant_as_it_is() {
        assert!(have("app/\\[id\\]/*.js", &["app/[id]/a.js"]) && have("\\{a\\}", &["{a}"]));
    }

    #[test]
    fn it_can_be_told_which_glob_has_a_path() {
        let paths = paths(&["docs/**", "**/*.md", "x"]);
        let which = |name: &str| paths.which(&[name.to_owned()]);
        assert_eq!((which("docs/a.md"), which("a.md"), which("b")), (vec![0, 1], vec![1], vec![]));
        assert_eq!(which("docs/../a.md"), [0; 0]);
    }
}
