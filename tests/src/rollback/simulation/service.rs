//! A service that the stage deploys to, and that the alarms of some worlds name besides: what one target does shows in
//! the other.

use pipeline_model::AlarmState;
use rollback_plans::targets::EcsSeen;
use rollback_plans::{Seen, Target};

use super::agenda::Happening;
use super::chronicle::Deployment;
use super::outside::Process;
use super::world::{HOUR, MINUTE, World};

/// As the tag writes it.
pub(super) const SERVICE: &str = "ecs:shop/orders";

fn service() -> Target {
    SERVICE.parse().expect("a target")
}

impl World {
    /// What entered the stage deploys to the service, which ends the deployment before.
    pub(super) fn deploy_service(&self, driver: &str) {
        if !self.has_service {
            return;
        }
        let mut chronicle = self.chronicle.borrow_mut();
        let arn = format!("arn:aws:ecs:us-east-1:111122223333:service-deployment/shop/orders/{driver}");
        let created = Some(self.clock.now());
        let status = String::from("IN_PROGRESS");
        let seen = EcsSeen { deployment: Some(arn.clone()), status, created, finished: None };
        chronicle.deployments.push(Deployment { arn, driver: driver.to_owned(), is_stopped: false });
        self.memory.services.put(service(), Seen::EcsService(seen));
        drop(chronicle);
        self.alarm_during(driver);
    }

    /// Some deployments turn an alarm red while they are under way.
    fn alarm_during(&self, driver: &str) {
        if self.now() < self.over && self.happens(0.2) {
            let (alarm, at) =
                (self.pick(0..self.alarms.len() as i64) as usize, self.now() + self.pick(1_000..5 * MINUTE));
            self.tell("shop", &format!("suffers from the deployment of {driver}"));
            for (at, red) in [(at, true), (at + self.pick(MINUTE..HOUR), false)] {
                self.agenda.put(at, Happening::Turns { alarm, red, while_stands: None });
            }
        }
    }

    /// It leaves the stage. Whether that succeeds depends on whether somebody stopped its deployment of the service.
    pub(super) fn service_ends(&self, driver: &str, succeeds: bool) -> bool {
        let chronicle = self.chronicle.borrow();
        let Some(last) = chronicle.deployments.last().filter(|it| it.driver == driver) else { return succeeds };
        let Some(Seen::EcsService(seen)) = self.memory.services.standing(&service()) else { return succeeds };
        let status = match (last.is_stopped, succeeds) {
            (true, _) => "ROLLBACK_SUCCESSFUL",
            (false, true) => "SUCCESSFUL",
            (false, false) => "STOPPED",
        };
        let finished = Some(self.clock.now());
        let seen = EcsSeen { status: status.to_owned(), finished, ..seen };
        self.memory.services.put(service(), Seen::EcsService(seen));
        succeeds && !last.is_stopped
    }
}

/// A robot stops a deployment of the service: never one that a rollback began.
pub(super) fn judge_stop(process: &Process, arn: &str) {
    let world = &process.world;
    let mut chronicle = world.chronicle.borrow_mut();
    chronicle.stops.push(world.now());
    let deployment = chronicle.deployments.iter_mut().find(|it| it.arn == arn).expect("a deployment of the world");
    deployment.is_stopped = true;
    let driver = deployment.driver.clone();
    let is_rollback = chronicle.is_rollback(&driver);
    drop(chronicle);
    if is_rollback {
        world.object(format!("the rollback {driver} is undone at the service"));
    }
}

/// At most one act for one change of one alarm, over all its targets.
pub(super) fn judge_incident(process: &Process) {
    let (world, described) = (&process.world, process.described.get());
    let mut chronicle = world.chronicle.borrow_mut();
    let turns = &chronicle.alarms[process.alarm];
    let red = turns.iter().rev().find(|(at, state)| *state == AlarmState::Alarm && *at <= described).map(|(at, _)| *at);
    let incident = (process.alarm, red.unwrap_or_default());
    let is_second = !chronicle.acts.insert(incident);
    drop(chronicle);
    if is_second {
        world.object(format!("a second act for the alarm that is red since {}", incident.1));
    }
}
