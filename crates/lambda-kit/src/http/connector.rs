//! Lets the AWS SDK send its requests through our HTTP client.

use std::time::Duration;

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::{Body, Request, Response};

use crate::Elapsed;

/// The client in the form the SDK takes.
///
/// Of the SDK's connector settings the read timeout (until the head of the response) is kept here.
/// The connect timeout is the client's own, because connections are shared.
/// Bodies are streamed both ways; the SDK's attempt timeout covers reading them.
pub fn sdk_http_client(client: reqwest::Client) -> SharedHttpClient {
    SharedHttpClient::new(Adapter(client))
}

#[derive(Debug)]
struct Adapter(reqwest::Client);

impl HttpClient for Adapter {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { client: self.0.clone(), read_timeout: settings.read_timeout() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("reqwest", None))
    }
}

#[derive(Debug)]
struct Connector {
    client: reqwest::Client,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let sending = client.execute(to_reqwest(request)?);
            let response = match read_timeout {
                None => sending.await,
                Some(limit) => {
                    tokio::time::timeout(limit, sending).await.map_err(|_| ConnectorError::timeout(Elapsed.into()))?
                }
            };
            from_reqwest(response.map_err(to_connector_error)?)
        })
    }
}

fn to_reqwest(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    // A body in memory keeps its length and can be sent again when a pooled connection turns out to be closed.
    let request = request.map(|body| match body.bytes() {
        Some(bytes) => Body::from(bytes.to_vec()),
        None => Body::wrap(body),
    });
    Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))
}

fn from_reqwest(response: Response) -> Result<HttpResponse, ConnectorError> {
    let response = http::Response::<Body>::from(response).map(SdkBody::from_body_1_x);
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// The SDK tries again after `timeout` and `io`, never after `user`.
///
/// Everything reqwest reports besides a request it could not build happened on the way: names, connections, TLS, resets.
fn to_connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

/// No connection came about, so no byte of the request left.
pub fn was_never_sent(error: &ConnectorError) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<reqwest::Error>()).any(reqwest::Error::is_connect)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_ssm::error::SdkError;
    use aws_sdk_ssm::operation::get_parameter::GetParameterError;
    use aws_smithy_types::timeout::TimeoutConfig;

    use super::*;
    use crate::aws::SdkConfig;
    use crate::environment::Variables;
    use crate::http;
    use crate::http::testing::{Act, Server, config};

    const PARAMETER: &str = r#"{"Parameter":{"Name":"a","Value":"b"}}"#;
    const FOUND: Act = Act::Reply("200 OK", PARAMETER);

    type Outcome = Result<String, SdkError<GetParameterError>>;

    fn limited(server: &Server, limits: TimeoutConfig) -> SdkConfig {
        config(server).to_builder().timeout_config(limits).build()
    }

    async fn get_parameter(config: &SdkConfig) -> Outcome {
        let output = aws_sdk_ssm::Client::new(config).get_parameter().name("a").send().await?;
        Ok(output.parameter.and_then(|parameter| parameter.value).expect("a value"))
    }

    /// Calls once, with 200 ms for each attempt, and sees how many acts are left.
    async fn call(acts: impl IntoIterator<Item = Act>) -> (Outcome, usize) {
        let server = Server::playing(acts).await;
        let limits = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200)).build();
        let outcome = get_parameter(&limited(&server, limits)).await;
        (outcome, server.left())
    }

    #[tokio::test]
    async fn the_sdk_gets_its_answer() {
        let (outcome, _) = call([FOUND]).await;
        assert_eq!(outcome.expect("an answer"), "b");
    }

    #[tokio::test]
    async fn outages_on_the_way_are_tried_again() {
        let outages = [
            Act::Reply("500 Internal Server Error", "{}"),
            Act::Reply("503 Service Unavailable", "<html>"),
            Act::Reply("400 Bad Request", r#"{"__type":"ThrottlingException"}"#),
            Act::Reset,
            Act::Hang,
            Act::Stall,
        ];
        for outage in outages {
            let (outcome, left) = call([outage.clone(), FOUND]).await;
            assert_eq!((outcome.expect("an answer").as_str(), left), ("b", 0), "{outage:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_not_tried_again() {
        let refused = Act::Reply("400 Bad Request", r#"{"__type":"ParameterNotFound"}"#);
        let (outcome, left) = call([refused, FOUND]).await;
        assert!(outcome.expect_err("a refusal").into_service_error().is_parameter_not_found());
        assert_eq!(left, 1);
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (outcome, left) = call([Act::Reply("302 Found", ""), FOUND]).await;
        assert!(outcome.is_err());
        assert_eq!(left, 1);
    }

    #[tokio::test]
    async fn a_service_that_never_answers_ends_in_a_timeout() {
        let (outcome, left) = call([Act::Hang, Act::Stall, Act::Hang]).await;
        assert!(matches!(outcome, Err(SdkError::TimeoutError(_))), "{outcome:?}");
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn the_read_timeout_is_kept() {
        let server = Server::playing([Act::Hang, Act::Hang, Act::Hang]).await;
        let limits = TimeoutConfig::builder().read_timeout(Duration::from_millis(100)).build();
        let outcome = get_parameter(&limited(&server, limits)).await;
        assert!(matches!(&outcome, Err(SdkError::DispatchFailure(failure)) if failure.is_timeout()), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_an_outage() {
        let server = Server::playing([]).await;
        let mut gone = server.clone();
        gone.address.set_port(1);
        let outcome = get_parameter(&config(&gone)).await;
        assert!(matches!(&outcome, Err(SdkError::DispatchFailure(failure)) if failure.is_io()), "{outcome:?}");
    }

    #[tokio::test]
    async fn the_sdk_and_slack_share_one_connection() {
        let server = Server::playing([FOUND, Act::Reply("200 OK", "{}"), FOUND]).await;
        let client = http::client(&Variables::default()).expect("a client");
        let config = config(&server).to_builder().http_client(sdk_http_client(client.clone())).build();
        get_parameter(&config).await.expect("an answer");
        let slack = client.post(server.url()).body("{}").send().await.expect("an answer");
        assert_eq!(slack.text().await.expect("a body"), "{}");
        get_parameter(&config).await.expect("an answer");
        assert_eq!(server.connections(), 1);
    }
}
