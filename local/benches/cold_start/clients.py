"""A function in Python with the clients of the notifier: what its cold start is measured against."""

import os
import urllib.request

import boto3

clients = [boto3.client(name) for name in ("codepipeline", "dynamodb", "sns", "sqs", "ssm")]

runtime = os.environ["AWS_LAMBDA_RUNTIME_API"]
urllib.request.urlopen(f"http://{runtime}/2018-06-01/runtime/invocation/next").read()
