"""The users file: what is in it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bessinside.web import users
from bessinside.web.users import Accounts, TooManyTriesError, UsersError, load_users, save_user

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
PRODUCT = users._hasher  # before the tests put a cheap one in its place
USER = '[[user]]\nname = "anna"\nrole = "viewer"\nhash = "{}"\n'


def test_a_saved_user_can_sign_in_and_the_file_holds_no_password(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    save_user(path, "anna", "operator", "one password")
    save_user(path, "bert", "viewer", "another one")
    save_user(path, "anna", "admin", "a new password")  # role and password change, the name stays one
    found = load_users(path)
    assert {name: user.role for name, user in found.items()} == {"anna": "admin", "bert": "viewer"}
    assert "password" not in path.read_text()
    assert path.read_text().count("$argon2id$") == 2


def test_the_product_hashes_with_64_mebibytes() -> None:
    assert (PRODUCT.memory_cost, PRODUCT.time_cost) == (65536, 3)


async def test_only_the_newest_password_signs_in(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    save_user(path, "anna", "operator", "one password")
    save_user(path, "anna", "operator", "a new password")
    accounts = Accounts(load_users(path))
    assert await accounts.sign_in("anna", "one password") is None
    token = await accounts.sign_in("anna", "a new password")
    session = accounts.session(token)
    assert session is not None
    assert (session.user, session.role) == ("anna", "operator")
    for invented in (None, "", "x", "0" * 43, "../.."):
        assert accounts.session(invented) is None


async def test_five_tries_in_a_quarter_of_an_hour(tmp_path: Path) -> None:
    accounts = Accounts({})
    for _ in range(5):
        assert await accounts.sign_in("nobody", "x") is None
    with pytest.raises(TooManyTriesError, match="try again in 15 minutes"):
        await accounts.sign_in("nobody", "x")
    assert await accounts.sign_in("somebody else", "x") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", "Expected '='"),
        ("user = 3", "expected .* tables, got 3"),
        ("user = [3]", "user 1: expected name, role"),
        (USER.format(HASH) + '[[user]]\nrole = "viewer"\n', "user 2: expected name"),
        (
            USER.format(HASH).replace('"viewer"', '"king"'),
            r"role \(viewer, investor, marketer, purchaser, operator, admin\)",
        ),
        (USER.format(HASH).replace('"anna"', "3"), "user 1"),
        (USER.format("secret"), "an argon2 hash"),
        (USER.format("$argon2id$x"), "an argon2 hash"),
    ],
)
def test_a_bad_users_file_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "users.toml"
    path.write_text(text)
    with pytest.raises(UsersError, match=rf"users\.toml: .*{why}"):
        load_users(path)


def test_a_users_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "users.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsersError, match="can't decode"):
        load_users(tmp_path / "users.toml")
    with pytest.raises(UsersError, match="add the first user with `bessinside user NAME --file"):
        load_users(tmp_path / "none.toml")
