//! Who is handed the content.

use crate::Piece;

/// What an entry turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Text in some encoding.
    Text,
    /// Anything else.
    Binary,
}

/// Takes the content of entries, one after the other, each from its first piece to its last.
///
/// A path is the names from the outermost entry to this one, escaped for people. Bytes that belong to no entry come under
/// a name in angle brackets: `<bytes 100..250>` of the archive, its `<directory>`, its `<end>`, its `<comment>`.
pub trait Visitor {
    /// Whether to read this entry of a nested archive; otherwise it counts as skipped. What is wanted of the artifact
    /// itself was decided when its [`Plan`](crate::zip::Plan) was made.
    fn wants(&mut self, path: &[String]) -> bool {
        let _ = path;
        true
    }

    /// Takes the next piece, the first of which has the offset 0. What is answered to the last one counts.
    ///
    /// Also the rest of an entry that breaks off ends with a piece that says it is the last.
    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature;
}

impl<V: Visitor + ?Sized> Visitor for &mut V {
    fn wants(&mut self, path: &[String]) -> bool {
        (**self).wants(path)
    }

    fn piece(&mut self, path: &[String], piece: &Piece<'_>) -> Nature {
        (**self).piece(path, piece)
    }
}
