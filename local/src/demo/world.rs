//! Everything that runs while the demo does: tools, build, Slack, CodePipeline, the local AWS with Pipewarden in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::json;

use super::alarms::AlarmEvents;
use super::clock::FastClock;
use super::cloud::Cloud;
use super::environment::{ACCOUNT, REGION};
use super::layout::Layout;
use super::leak::Leak;
use super::ministack::MiniStack;
use super::steps::Steps;
use super::story::{BAKE_TIME, CHANNEL, PIPELINE};
use super::{build, deploy, python};
use crate::codepipeline::{AwsEndpoint, Clock, Config, Server, Timing};
use crate::script::Script;
use crate::slack::{SlackDouble, Workspace};
use crate::template;

/// The story begins this long ago, and ends before now.
const BEGINNING: SignedDuration = SignedDuration::from_mins(52);

/// The running parts. They end when this is dropped, the alarms' events and the functions first.
pub(crate) struct World {
    _alarms: AlarmEvents,
    pub(crate) aws: MiniStack,
    pub(crate) pipeline: Server,
    pub(crate) slack: SlackDouble,
    pub(crate) cloud: Cloud,
    pub(crate) script: Script,
    pub(crate) clock: Arc<FastClock>,
    /// The key that leaks with the first release.
    pub(crate) leak: Leak,
    /// Outputs of Pipewarden's stack.
    outputs: BTreeMap<String, String>,
}

impl World {
    /// Makes and starts everything, the local AWS on `port`.
    pub(crate) async fn start(layout: &Layout, steps: &Steps, port: u16) -> Result<Self> {
        let tools = steps.run("Python tools", async |step| python::prepare(layout, step).await).await?;
        let built = steps.run("sam build", async |step| build::build(layout, &tools, step).await).await?;
        let clock = Arc::new(FastClock::starting(BEGINNING));
        let leak = Leak::new();
        let script = story(layout, &leak)?;
        let slack = slack(&clock).await?;
        let pipeline = codepipeline(script.clone(), port, &clock).await?;
        let mut aws = MiniStack::start(layout, &tools, port, &pipeline.url())?;
        steps.run("MiniStack, IAM enforced", async |_| aws.ready(layout).await).await?;
        let cloud = Cloud::at(&aws.endpoint());
        let parameters = [
            ("SlackChannel", "releases".to_owned()),
            ("SlackApiUrl", slack.api_url()),
            // Nobody watches five minutes of gathering.
            ("MetricsDelaySeconds", "1".to_owned()),
        ];
        let outputs = steps
            .run("sam deploy", async |step| {
                deploy::settle(&cloud, &slack).await?;
                deploy::deploy(layout, &tools, &built, &aws.endpoint(), &parameters, step).await
            })
            .await?;
        let alarms = AlarmEvents::start(&aws.endpoint());
        let world = Self { _alarms: alarms, aws, pipeline, slack, cloud, script, clock, leak, outputs };
        world.create_pipeline(layout).await?;
        Ok(world)
    }

    /// An output of Pipewarden's stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| format!("the stack has no output {name}"))
    }

    /// Messages that reached nobody, by queue. The notifier's own queue is none of these: it holds reminders, and records
    /// that come back to find everything said.
    pub(crate) async fn dead_letters(&self) -> Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        for queue in [
            "GatekeeperDeadLetterQueue",
            "NotifierDeadLetterQueue",
            "RecorderDeadLetterQueue",
            "ReverterDeadLetterQueue",
            "UndeliveredQueue",
        ] {
            let url = self.output(&format!("{queue}Url"))?;
            found.insert(queue.to_owned(), self.cloud.messages_in(url).await?);
        }
        Ok(found)
    }

    /// Reads `pipelines/release.yaml` as CloudFormation would, makes what it names, and creates its pipeline.
    async fn create_pipeline(&self, layout: &Layout) -> Result<()> {
        let connection =
            format!("arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0b6d1f5e-0000-4000-8000-0000000000aa");
        let parameters = [
            ("ConnectionArn", connection.as_str()),
            ("Repository", "example/shop"),
            ("ApprovalTopicArn", self.output("ApprovalTopicArn")?),
            ("ScanFunctionName", self.output("ScannerFunctionName")?),
            ("GateFunctionName", self.output("GatekeeperFunctionName")?),
            ("GateBakeTime", BAKE_TIME),
            ("PipewardenStack", deploy::STACK),
        ];
        let inputs = template::Inputs {
            stack: PIPELINE.to_owned(),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            physical: [("ArtifactKey.Arn".to_owned(), self.cloud.create_key().await?)].into(),
        };
        let path = layout.root.join("pipelines/release.yaml");
        for policy in ["ScanPolicy", "GatePolicy"] {
            let property = |name| template::property(&path, &inputs, policy, name);
            let (name, document) = (property("Name")?, property("Value")?);
            let [name, document] = [&name, &document].map(|text| text.as_str().unwrap_or_default());
            self.cloud.put_parameter(name, "String", document).await?;
        }
        let loaded = template::load(&path, &inputs)?;
        for bucket in &loaded.buckets {
            self.cloud.create_bucket(bucket).await?;
        }
        for declaration in loaded.pipelines {
            let input = json!({"pipeline": declaration});
            self.pipeline.call("CreatePipeline", input).await.context("CreatePipeline was refused")?;
        }
        Ok(())
    }
}

/// What the pipeline's actions do, the key in its place.
fn story(layout: &Layout, leak: &Leak) -> Result<Script> {
    let path = layout.data("story.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Script::parse(&leak.put_into(&text), &layout.data(""))?)
}

async fn slack(clock: &Arc<FastClock>) -> Result<SlackDouble> {
    let clock = Arc::clone(clock);
    let workspace = Workspace::new().with_channel(CHANNEL, "releases").with_user("S0000000001", "shop-team");
    workspace.with_clock(move || clock.now()).start().await.context("the Slack double did not start")
}

async fn codepipeline(script: Script, aws_port: u16, clock: &Arc<FastClock>) -> Result<Server> {
    // Nobody watches the half minute after which AWS looks at a held release again.
    let timing = Timing { reinvoke_after: Duration::from_secs(2), ..Timing::default() };
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let config = Config { script, timing, start_on_create: false, clock, ..Config::default() };
    let aws = AwsEndpoint::local(&format!("http://127.0.0.1:{aws_port}"));
    Server::start(config.in_account(ACCOUNT).with_aws(aws)).await.context("the local CodePipeline did not start")
}
