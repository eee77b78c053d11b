"""A report into an S3 that moto plays, over HTTP."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from farm.errors import BadInput, CloudError
from farm.recording.durable_file import folder_beside
from infra.aws.cloud import Cloud
from infra.aws.upload import PART_BYTES, bucket_of, one_page, upload

PICTURE = b"\x89PNG one"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "calls-run" / "report"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(
        '<a href="loss%20by.png"><img src="loss%20by.png"></a> <a href="loss.csv">csv</a>'
        '<a href="#top">top</a> <a href="../journal.jsonl">journal</a>'
    )
    (folder / "loss by.png").write_bytes(PICTURE)
    (folder / "loss.csv").write_text("a,b\n")
    return folder


@pytest.fixture
def cloud(aws: str) -> Cloud:
    cloud = Cloud()
    cloud.client("s3", "us-east-1").create_bucket(Bucket="reports-here")
    return cloud


@pytest.mark.slow
def test_what_is_there_already_is_not_sent_again(cloud: Cloud, report: Path) -> None:
    (report / "large.bin").write_bytes(b"0" * (PART_BYTES + 5))
    bucket = bucket_of("s3://reports-here/team/a")
    said: list[str] = []
    first = upload(cloud, report, bucket, "calls-run", said.append)
    assert (first.sent, first.already_there) == (5, 0)
    assert said[-1] == "upload: index.html"
    assert upload(cloud, report, bucket, "calls-run", said.append).sent == 0
    (report / "loss.csv").write_text("a,b\n1,2\n")
    again = upload(cloud, report, bucket, "calls-run", said.append)
    assert again.sent == 2  # the table, and the page that has it inside
    found = cloud.client("s3", "us-east-1").head_object(
        Bucket="reports-here", Key="team/a/calls-run/index.html"
    )
    assert found["ContentType"] == "text/html; charset=utf-8"


@pytest.mark.slow
def test_links_out_of_the_report_are_not_followed(
    cloud: Cloud, report: Path, tmp_path: Path
) -> None:
    (tmp_path / "id_ed25519").write_text("secret")
    (report / "key.csv").symlink_to(tmp_path / "id_ed25519")
    (report / "home").symlink_to(tmp_path)
    upload(cloud, report, bucket_of("s3://reports-here/team"), "calls-run", lambda _: None)
    found = cloud.client("s3", "us-east-1").list_objects_v2(Bucket="reports-here")["Contents"]
    assert {each["Key"].rpartition("/")[2] for each in found} == {
        *("index.html", "loss by.png", "loss.csv", "page.html"),
    }


def test_a_report_that_is_drawn_again_while_it_is_sent_is_told(cloud: Cloud, report: Path) -> None:
    def drawn_again(_: str) -> None:
        with folder_beside(report) as again:
            (again / "index.html").write_text("another")

    with pytest.raises(CloudError, match=r"report was drawn again while it was sent: call again"):
        upload(cloud, report, bucket_of("s3://reports-here/team"), "calls-run", drawn_again)


def test_a_report_that_makes_room_for_another_as_it_is_to_be_sent_is_told(
    cloud: Cloud, tmp_path: Path
) -> None:
    bucket = bucket_of("s3://reports-here/team")
    with pytest.raises(CloudError, match=r"report was drawn again while it was sent: call again"):
        upload(cloud, tmp_path / "report", bucket, "calls-run", lambda _: None)


@pytest.mark.slow
def test_broken_off_it_goes_on_where_it_was(
    cloud: Cloud, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = bucket_of("s3://reports-here/team")

    def stop(text: str) -> None:
        if "loss.csv" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(cloud, report, bucket, "calls-run", stop)
    said: list[str] = []
    assert upload(cloud, report, bucket, "calls-run", said.append).already_there == 1
    assert "upload: loss by.png" not in said


@pytest.mark.slow
def test_the_signed_address_opens_the_page_with_its_pictures(cloud: Cloud, report: Path) -> None:
    sent = upload(cloud, report, bucket_of("s3://reports-here"), "calls-run", lambda _text: None)
    with urllib.request.urlopen(sent.signed, timeout=30) as answer:
        page = answer.read()
    assert page == one_page(report)


@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_one_line(cloud: Cloud, report: Path) -> None:
    with pytest.raises(BadInput, match=r"--upload: s3://no-such-bucket: there is no such bucket"):
        upload(cloud, report, bucket_of("s3://no-such-bucket"), "calls-run", lambda _text: None)


def test_one_page_has_pictures_and_tables_inside_and_nothing_from_elsewhere(report: Path) -> None:
    page = one_page(report).decode()
    assert page.count("data:image/png;base64,") == 2
    assert page.count("data:text/csv; charset=utf-8;base64,") == 1
    assert '"../journal.jsonl"' in page
    assert '"#top"' in page


@pytest.mark.parametrize(
    "address", ["reports-here/x", "https://reports-here/x", "s3://", "s3:///x"]
)
def test_what_is_no_address_in_s3_is_told(address: str) -> None:
    with pytest.raises(BadInput, match=r"--upload: .*: expected s3://bucket/prefix"):
        bucket_of(address)
