"""The Celery side of the first naive way, as its documentation recommends it: late acks, retries with backoff."""

import os

import requests
from celery import Celery

app = Celery(
    "naive",
    broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://").replace("db=", "virtual_host="),
)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


def hand_to_provider(phone: str, body: str) -> None:
    """One call; whatever is not a yes is an error."""
    from tests.faults.hooked import die, number_of_this_call, told

    when, *at = told("kill") or [""]
    due = when != "" and str(number_of_this_call()) in at
    if due and when == "before":
        die()
    account = "AC" + "0" * 32
    answer = requests.post(
        f"{os.environ['SANDBOX_URL']}/2010-04-01/Accounts/{account}/Messages.json",
        data={"To": phone, "From": "+15550100199", "Body": body},
        auth=(account, os.environ["SANDBOX_SECRET"]),
        timeout=float(os.environ["FOLLOWUP_PROVIDER_TIMEOUT"]),
    )
    answer.raise_for_status()
    if due and when == "after":
        die()


@app.task(
    name="naive.send",
    autoretry_for=(requests.RequestException,),
    retry_backoff=1,
    retry_backoff_max=8,
    max_retries=8,
)
def send(phone: str, body: str) -> None:
    hand_to_provider(phone, body)
