//! What pipelines, alarms and people do, whatever the reverters do.

use std::rc::Rc;
use std::time::Duration;

use pipeline_model::AlarmState;
use rollback_plans::targets::RunStatus;
use rollback_plans::{CONSENT_TAG, Carried, MODE_TAG};

use super::agenda::Happening;
use super::chronicle::By;
use super::lambda;
use super::world::{HOUR, MINUTE, World};
use crate::rollback::guard::{PIPELINE, STAGE};

/// Plays a story until nothing can happen any more.
pub(super) async fn play(world: &Rc<World>) {
    set(world);
    while let Some(happening) = world.agenda.next(&world.clock).await {
        world.happen(happening).await;
        assert!(world.now() < world.over + 96 * HOUR, "the story does not end");
    }
}

/// Builds the scene and plans what is certain.
fn set(world: &World) {
    let services = &world.memory.services;
    services.create_pipeline(PIPELINE, &["Source", STAGE]);
    let status = if world.rollbacks_succeed { RunStatus::Succeeded } else { failed() };
    services.rollbacks_end(Duration::from_millis(world.rollbacks_take.unsigned_abs()), status);
    let mut settings = String::from("rollbacks:\n  alarms:\n");
    for (place, alarm) in world.alarms.iter().enumerate() {
        let mode = if alarm.acts { "act" } else { "observe" };
        let tags = [(CONSENT_TAG, world.tag.as_str()), (MODE_TAG, mode)];
        world.memory.alarms.create(alarm.name, if alarm.by_tag { &tags } else { &[] });
        let targets: Vec<_> = world.tag.split(' ').map(|target| format!("'{target}'")).collect();
        let targets = targets.join(", ");
        settings += &format!("    - {{ alarm: {}, targets: [{targets}], mode: {mode} }}\n", alarm.name);
        world.agenda.put(world.pick(1_000..MINUTE), turn(place, false));
        plan_noise(world, place);
    }
    world.memory.settings.set("settings", &settings);
    plan_releases(world);
    for _ in 0..[0, 0, 0, 1, 2][world.pick(0..5) as usize] {
        world.agenda.put(world.pick(HOUR..world.over), Happening::Edit);
    }
    if world.happens(world.people) {
        world.agenda.put(world.pick(HOUR..world.over), Happening::PersonRollsBack);
    }
    if world.policy.limits.closes_transition && world.happens(0.5) {
        world.agenda.put(world.pick(HOUR..world.over), Happening::PersonCloses);
    }
}

/// Some alarms turn red without any release, and some all day long.
fn plan_noise(world: &World, alarm: usize) {
    if world.is_flapping || world.happens(0.02) {
        let mut at = HOUR;
        while at < world.over {
            world.agenda.put(at, turn(alarm, true));
            world.agenda.put(at + world.pick(MINUTE..10 * MINUTE), turn(alarm, false));
            at += world.pick(10 * MINUTE..30 * MINUTE);
        }
    } else {
        for _ in 0..world.pick(0..2) {
            let at = world.pick(0..world.over);
            world.agenda.put(at, turn(alarm, true));
            world.agenda.put(at + world.pick(MINUTE..3 * HOUR), turn(alarm, false));
        }
    }
}

fn plan_releases(world: &World) {
    let rhythm = [20 * MINUTE, 2 * HOUR, 5 * HOUR, 12 * HOUR][world.pick(0..4) as usize];
    let (mut at, mut number) = (2 * MINUTE, 0);
    while at < world.over && number < 12 {
        world.agenda.put(at, Happening::Starts(format!("release-{number}")));
        number += 1;
        // The first ones come quickly, so that there is something to go back to.
        at += if number < 3 { 25 * MINUTE } else { world.pick(2 * MINUTE..2 * rhythm) };
    }
}

pub(super) fn turn(alarm: usize, red: bool) -> Happening {
    Happening::Turns { alarm, red, while_stands: None }
}

fn failed() -> RunStatus {
    RunStatus::Ended(String::from("Failed"))
}

/// The number in a release's name decides what it is like.
fn is_bad(world: &World, release: &str) -> bool {
    let number: u64 = release.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    number > 1 && (number.wrapping_mul(0x9E37_79B9) ^ world.over.unsigned_abs()) % 5 < 3
}

impl World {
    async fn happen(self: &Rc<Self>, happening: Happening) {
        match happening {
            Happening::Starts(execution) => self.start(&execution),
            Happening::Comes(execution) => self.come(&execution),
            Happening::Ends { execution, succeeds } => self.end(&execution, succeeds),
            Happening::RollbackEnds { rollback, succeeds } => self.end_rollback(&rollback, succeeds),
            Happening::Turns { alarm, red, while_stands } => self.turn(alarm, red, while_stands.as_deref()),
            Happening::PersonRollsBack => self.person_rolls_back(),
            Happening::PipelineRollsBack => self.pipeline_rolls_back(),
            Happening::Edit => self.edit(),
            Happening::PersonCloses => self.close(),
            Happening::PersonOpens => self.open(),
            Happening::Invocation(letter) => {
                self.agenda.begin();
                tokio::task::spawn_local(lambda::invoke(Rc::clone(self), letter));
            }
            Happening::Lands(process, step) => process.lands(&step).await,
        }
    }

    fn start(&self, execution: &str) {
        self.memory.services.start(PIPELINE, execution);
        let mut chronicle = self.chronicle.borrow_mut();
        let structure = chronicle.structure;
        chronicle.structures.insert(execution.to_owned(), structure);
        chronicle.started.insert(execution.to_owned(), self.now());
        self.agenda.put(self.now(), Happening::Comes(execution.to_owned()));
    }

    fn come(&self, execution: &str) {
        let newest = self.memory.services.executions(PIPELINE).into_iter().find(|it| !it.is_rollback);
        if newest.is_some_and(|newest| newest.execution.as_str() != execution) {
            return self.tell("pipeline", &format!("supersedes {execution}"));
        }
        if !self.memory.services.enter(PIPELINE, execution, STAGE) {
            if self.memory.services.is_closed(PIPELINE, STAGE) && self.now() > self.over {
                return;
            }
            if self.memory.services.is_closed(PIPELINE, STAGE) && self.happens(0.1) {
                self.agenda.put(self.now() + 1, Happening::PersonOpens);
            }
            return self.agenda.put(self.now() + 5 * MINUTE, Happening::Comes(execution.to_owned()));
        }
        let succeeds = !self.happens(0.12);
        self.tell("pipeline", &format!("deploys {execution}"));
        self.chronicle.borrow_mut().enters(execution, self.now());
        self.deploy_service(execution);
        let ends = Happening::Ends { execution: execution.to_owned(), succeeds };
        self.agenda.put(self.now() + self.pick(20_000..15 * MINUTE), ends);
    }

    fn end(&self, execution: &str, succeeds: bool) {
        let succeeds = self.service_ends(execution, succeeds);
        let status = if succeeds { RunStatus::Succeeded } else { failed() };
        self.memory.services.leave(PIPELINE, execution, STAGE, status);
        self.tell("pipeline", &format!("ends {execution}, which succeeds: {succeeds}"));
        if succeeds {
            self.chronicle.borrow_mut().succeeds(execution, self.now());
            self.stands(execution);
        } else if self.is_native {
            self.agenda.put(self.now() + self.pick(0..3_000), Happening::PipelineRollsBack);
        }
    }

    fn end_rollback(&self, rollback: &str, succeeds: bool) {
        self.service_ends(rollback, succeeds);
        self.tell("pipeline", &format!("ends {rollback}, which succeeds: {succeeds}"));
        if succeeds {
            self.chronicle.borrow_mut().succeeds(rollback, self.now());
            let stands = self.chronicle.borrow().standing().map(str::to_owned);
            self.stands(&stands.expect("what a rollback restored"));
        }
    }

    /// What stands turns alarms red or lets them turn green.
    fn stands(&self, release: &str) {
        let is_bad = is_bad(self, release);
        self.tell("shop", &format!("has {release}, which is bad: {is_bad}"));
        let at_once = is_bad && self.happens(0.3);
        let soon = self.pick(5_000..10 * MINUTE);
        for alarm in 0..self.alarms.len() {
            let after = match (is_bad, self.pick(0..10)) {
                _ if at_once => soon + self.pick(0..2_000),
                (true, 0..6) => self.pick(1_000..20 * MINUTE),
                (true, 6..8) => self.pick(0..100 * MINUTE),
                (true, _) => continue,
                (false, _) => self.pick(30_000..10 * MINUTE),
            };
            let while_stands = Some(release.to_owned());
            self.agenda.put(self.now() + after, Happening::Turns { alarm, red: is_bad, while_stands });
        }
    }

    fn turn(&self, alarm: usize, red: bool, while_stands: Option<&str>) {
        if while_stands.is_some() && self.chronicle.borrow().standing() != while_stands {
            return;
        }
        let state = match red {
            true => AlarmState::Alarm,
            false if self.happens(0.1) => AlarmState::InsufficientData,
            false => AlarmState::Ok,
        };
        let Some(before) = self.memory.alarms.turn(self.alarms[alarm].name, state.clone()) else { return };
        self.tell(self.alarms[alarm].name, state.as_str());
        self.chronicle.borrow_mut().alarms[alarm].push((self.now(), state.clone()));
        self.send_event(alarm, &state, before);
        if red && self.happens(self.people) {
            let after = if self.happens(0.5) { self.pick(300..5_000) } else { self.pick(500..20 * MINUTE) };
            self.agenda.put(self.now() + after, Happening::PersonRollsBack);
        }
        if red && self.policy.limits.closes_transition && self.happens(0.05) {
            self.agenda.put(self.now() + self.pick(300..10 * MINUTE), Happening::PersonCloses);
        }
        // A bad release makes some alarms flap.
        if while_stands.is_some()
            && self.now() < self.over
            && self.happens(0.4)
            && (red || is_bad(self, while_stands.unwrap_or_default()))
        {
            let flaps = Happening::Turns { alarm, red: !red, while_stands: while_stands.map(str::to_owned) };
            self.agenda.put(self.now() + self.pick(10_000..8 * MINUTE), flaps);
        }
    }

    /// To what stood before, or to something older.
    fn person_rolls_back(&self) {
        let below = self.chronicle.borrow().below();
        let Some(to) = below.get(self.pick(0..4) as usize / 3).cloned() else { return };
        self.roll_back_by(By::Person, &to);
    }

    fn pipeline_rolls_back(&self) {
        let stands = self.chronicle.borrow().standing().map(str::to_owned);
        if let Some(to) = stands {
            self.roll_back_by(By::Pipeline, &to);
        }
    }

    fn roll_back_by(&self, by: By, to: &str) {
        match self.memory.services.roll_back_by_hand(PIPELINE, STAGE, to) {
            Carried::Done(id) => {
                let rollback = self.rolled_back(by, &id.expect("a rollback has an id"), to, None);
                self.tell(format!("{by:?}"), &format!("rolls {} back to {to} by {}", rollback.from, rollback.id));
            }
            Carried::Impossible(answer) | Carried::Denied(answer) | Carried::Later(answer) => {
                self.tell(format!("{by:?}"), &format!("may not roll back to {to}: {answer}"))
            }
        }
    }

    fn edit(&self) {
        self.memory.services.edit_pipeline(PIPELINE);
        let mut chronicle = self.chronicle.borrow_mut();
        chronicle.structure += 1;
        chronicle.edits.push(self.now());
        self.tell("person", "edits the pipeline");
    }

    fn close(&self) {
        self.memory.services.close_by_hand(PIPELINE, STAGE, "Freeze until somebody has looked.");
        let mut chronicle = self.chronicle.borrow_mut();
        chronicle.transition = (self.now(), Some(By::Person));
        chronicle.closed_by_people += 1;
        self.tell("person", "closes the transition");
        self.agenda.put(self.now() + self.pick(5 * MINUTE..3 * HOUR), Happening::PersonOpens);
    }

    fn open(&self) {
        self.memory.services.open_by_hand(PIPELINE, STAGE);
        self.chronicle.borrow_mut().transition = (self.now(), None);
        self.tell("person", "opens the transition");
    }
}
