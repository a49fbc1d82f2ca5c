//! What is released: one commit with its own page and author, also of a pipeline with several sources.

use super::*;
use crate::facts::{ActionFacts, CommitAuthor, ExecutionFacts, Structure};
use pipeline_model::{ActionName, ActionType};

const PUSH: &str = "0 execution STARTED commit=aaa branch=main message=\"Round totals\" author=Ana";
const READ: &str = "1 action Source/App STARTED as=Source\n4 action Source/App SUCCEEDED as=Source";

fn revision(id: &str) -> Commit {
    Commit {
        id: id.to_owned(),
        message: Some(format!("Message of {id}")),
        author: None,
        url: Some(format!("https://example.com/commit/{id}")),
    }
}

fn revisions(ids: &[&str]) -> ExecutionFacts {
    ExecutionFacts { commits: ids.iter().map(|id| revision(id)).collect(), ..ExecutionFacts::default() }
}

/// A source's run and the author it names.
fn source(name: &str, commit: &str, author: &str) -> ActionFacts {
    ActionFacts {
        stage: StageName::from("Source"),
        action: ActionName::from(name),
        action_execution: None,
        kind: ActionType { category: String::from("Source"), ..ActionType::default() },
        state: ActionState::Succeeded,
        started: Some(at(1)),
        updated: Some(at(4)),
        result: None,
        commit_author: Some(CommitAuthor { commit: commit.to_owned(), name: author.to_owned() }),
    }
}

fn page(story: &Story) -> (&str, Option<&str>) {
    let commit = story.commit.as_ref().expect("a commit is known");
    (commit.id.as_str(), commit.url.as_deref())
}

#[test]
fn of_several_revisions_the_pushed_one_gives_the_page_in_either_order() {
    let mut pushed_first = story(PUSH);
    pushed_first.learn_execution(&revisions(&["bbb", "aaa"]));
    let mut pushed_last = blank();
    pushed_last.learn_execution(&revisions(&["bbb", "aaa"]));
    told(PUSH).iter().for_each(|event| pushed_last.absorb(event));
    assert_eq!(page(&pushed_last), ("aaa", None), "not the page of the other one");
    told(READ).iter().for_each(|event| pushed_last.absorb(event));
    assert!(pushed_last.wants().execution, "the page is asked for again");
    pushed_last.learn_execution(&revisions(&["bbb", "aaa"]));
    for story in [pushed_first, pushed_last] {
        assert_eq!(page(&story), ("aaa", Some("https://example.com/commit/aaa")));
        let commit = story.commit.as_ref().unwrap();
        assert_eq!((commit.message.as_deref(), commit.author.as_deref()), (Some("Round totals"), Some("Ana")));
        assert!(!story.wants().execution);
    }
}

#[test]
fn a_revision_of_another_source_adds_nothing_to_the_pushed_commit() {
    let mut story = story(&format!("{PUSH}\n{READ}"));
    story.learn_execution(&revisions(&["bbb"]));
    assert_eq!(page(&story), ("aaa", None));
    assert!(story.wants().execution, "the source that was pushed to may not have been read yet");
}

#[test]
fn without_a_push_the_first_revision_is_the_commit() {
    let mut story = story(READ);
    story.learn_execution(&revisions(&["bbb", "aaa"]));
    story.learn_execution(&revisions(&["aaa", "bbb"]));
    assert_eq!(page(&story), ("bbb", Some("https://example.com/commit/bbb")), "and stays it");
}

#[test]
fn the_author_is_the_one_whose_source_read_the_commit() {
    let mut story = story(READ);
    story.learn_execution(&revisions(&["bbb", "aaa"]));
    story.learn_actions(&[source("App", "aaa", "Ana")]);
    assert_eq!(story.commit.as_ref().unwrap().author, None, "she wrote another commit");
    story.learn_actions(&[source("App", "aaa", "Ana"), source("Config", "bbb", "Ben")]);
    assert_eq!(story.commit.as_ref().unwrap().author.as_deref(), Some("Ben"));
}

#[test]
fn a_rollback_is_asked_at_once_what_it_goes_back_to() {
    let mut rollback = story("0 execution STARTED trigger=AutomatedRollback");
    assert!(rollback.wants().execution);
    let target = Some(ExecutionId::from("22222222-2222-4333-8444-555555555555"));
    let facts = ExecutionFacts { rollback_target: target, ..ExecutionFacts::default() };
    rollback.learn_execution(&facts);
    assert!(rollback.wants().execution, "its revision may not be there yet");
    told("1 stage Production STARTED").iter().for_each(|event| rollback.absorb(event));
    rollback.learn_execution(&facts);
    assert!(!rollback.wants().execution, "no source will name one");
    let notice = compose::notice(&rollback, &Settings::default());
    assert!(notice.footnote.to_words().starts_with("Automatic rollback to 22222222"), "{}", notice.footnote.to_words());
}

#[test]
fn an_execution_that_does_not_begin_with_the_first_stage_is_asked_what_it_is() {
    let structure = Structure { stages: ["Source", "Production"].map(StageName::from).to_vec(), approvals: Vec::new() };
    for (stage, asked) in [("Source", false), ("Production", true)] {
        let mut story = story(&format!("1 stage {stage} STARTED"));
        story.learn_structure(&structure);
        assert_eq!(story.wants().execution, asked, "{stage}");
    }
}
