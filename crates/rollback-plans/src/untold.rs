//! What came of promises that somebody wrote down and did not come back to tell of.

use crate::{Book, Pledge, Release, Seen};

/// Whether only the list of all executions tells what came of a promise: a rollback that runs, that failed or that is of
/// an older structure is in no other.
pub(crate) fn asks_for_all(book: &Book, seen: &Seen) -> bool {
    matches!(seen, Seen::Stage(stage) if stage.all.is_none() && !book.pledges.is_empty())
}

/// A rollback of ours that nobody could tell of; perhaps something newer has covered it already. Of a stage, all executions
/// must be known.
///
/// A rollback that began when nobody held the target is somebody else's.
pub fn untold(book: &Book, seen: &Seen) -> Option<(Pledge, Release)> {
    let Seen::Stage(stage) = seen else {
        let look = seen.look()?;
        let came = book.pledges.iter().find_map(|pledge| Some((pledge.clone(), look.came_of(pledge)?)));
        return came.filter(|(_, release)| !book.made(&release.id));
    };
    let rollbacks = stage.rollbacks().filter_map(|release| {
        let began = release.began?;
        let pledge = book.pledges.iter().rev().find(|pledge| pledge.can_have_begun(began))?;
        stage.is_of_this_stage(&release, pledge).then(|| (pledge.clone(), release))
    });
    let redeployments = book.pledges.iter().filter_map(|pledge| Some((pledge.clone(), stage.redeployment_of(pledge)?)));
    let untold = rollbacks.chain(redeployments).filter(|(_, release)| !book.made(&release.id));
    // The oldest one: who promised acts once, and a person may have rolled back after that.
    untold.min_by_key(|(_, release)| release.began)
}
