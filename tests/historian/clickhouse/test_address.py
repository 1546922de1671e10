"""Addresses of servers: what they say, what they must not show, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bessinside.historian.clickhouse.address import AddressError, is_address, parse_address


def test_an_address_says_where_who_and_how(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s&cret\n")
    found = parse_address(
        f"clickhouse://me@db1:8124,[fd00::2]/plant_7?cluster=bess&password_file={secret}&buffer={tmp_path}/b"
    )
    assert found.hosts == ("http://db1:8124", "http://[fd00::2]:8123")
    assert (found.database, found.user, found.password, found.cluster) == ("plant_7", "me", "s&cret", "bess")
    assert found.buffer == tmp_path / "b"
    assert found.text == "clickhouse://me@db1:8124,[fd00::2]/plant_7?cluster=bess"


def test_tls_and_a_password_in_the_address() -> None:
    found = parse_address("clickhouses://me:a%40b@db/plant")
    assert found.hosts == ("https://db:8443",)
    assert found.password == "a@b"
    assert "a%40b" not in found.text
    assert "a@b" not in repr(found)


def test_nobody_named_is_the_default_user() -> None:
    assert parse_address("clickhouse://db/plant").user == "default"


def test_a_path_of_the_command_line_is_an_address_still() -> None:
    text = "clickhouse://me@db1:8124,db2/plant?cluster=bess"
    assert is_address(text)
    assert is_address(Path(text))
    assert parse_address(Path(text)) == parse_address(text)
    for folder in ("history", "./clickhouse", "/var/clickhouse:/x", "C:/history", ""):
        assert not is_address(folder)
        assert not is_address(Path(folder))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("postgres://db/plant", "expected clickhouse://user@host:8123/database"),
        ("clickhouse://db", "the database ''"),
        ("clickhouse://db/a-b", "letters, digits and _"),
        ("clickhouse://db/plant;drop", "letters, digits and _"),
        ("clickhouse://db:eight/plant", "is no host:port"),
        ("clickhouse://me@/plant", "is no host:port"),
        ("clickhouse://db/plant?shards=2", "unknown shards; there are cluster"),
        ("clickhouse://a,b/plant", "2 servers, but no ?cluster=NAME"),
        ("clickhouse://db/plant?cluster=a b", "cluster 'a b'"),
        ("clickhouse://db/plant?password_file=/none/there", "the password's file /none/there cannot be read"),
    ],
)
def test_what_is_wrong_is_said(text: str, why: str) -> None:
    with pytest.raises(AddressError) as found:
        parse_address(text)
    assert why in str(found.value)


def test_an_error_does_not_show_the_password() -> None:
    with pytest.raises(AddressError) as found:
        parse_address("clickhouse://me:hush@db/no-name")
    assert "hush" not in str(found.value)
