//! Reads a zip the way CodeBuild and Lambda do, by its central directory, and refuses what two readers could read
//! differently.
//!
//! From afar: the last [`LONGEST_END`] bytes of the file give its [`End`], the bytes that [`End::directory`] names its
//! [`Directory`], if it [`fits`](End::fits), and [`batches`] tells which bytes to fetch then and hand to a
//! [`Walk`](crate::Walk). The number of the next batch is all that has to be remembered to go on later.
//!
//! Layout and numbers are those of PKWARE's APPNOTE 6.3. Nothing is trusted twice: an entry's place, sizes and name must
//! be the same in the directory and in its own header, no two entries may share a byte, and there must be one end.

mod directory;
mod end;
mod entry;
mod field;
mod local;
mod plan;
#[cfg(test)]
mod tests;

pub use directory::{Directory, Section};
pub use end::{End, LONGEST_END};
pub(crate) use end::{comment_length, ends_like_a_zip, last_end_in};
pub use entry::{Entry, Kind, Method};
pub use local::LocalHeader;
pub(crate) use local::{LONGEST_DESCRIPTOR, descriptor_length, looks_like_a_header};
pub(crate) use plan::Reading;
pub use plan::{Batch, Plan, batches};
